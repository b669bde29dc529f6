// merlon repo …: repositories of a registry, their versions and tokens.

#include "merlon/base/text.h"
#include "merlon/cli_registry/access.h"
#include "merlon/cli_registry/commands.h"
#include "merlon/cli_registry/progress.h"
#include "merlon/codec/json_writer.h"
#include "merlon/command/numbers.h"
#include "merlon/os/open.h"

namespace merlon::cli_registry {

using base::concat;
using base::printable;
using cli::Arguments;
using cli::Terminal;
using registry_client::Client;
using registry_client::Trouble;
using registry_client::Version;

namespace {

constexpr std::size_t most_repositories = 10'000;

struct Opened {
  Spec spec;
  Client client;
};
Result<Opened> open(const Arguments& arguments, const Terminal& terminal) {
  auto spec = TRY(repository_spec(arguments.positional(0)));
  const Access access = TRY(Access::of(arguments, terminal, spec.host));
  auto client = TRY(access.client());
  return Opened{std::move(spec), std::move(client)};
}

Result<int> register_one(const Arguments& arguments, const Terminal& terminal) {
  const auto [spec, client] = TRY(open(arguments, terminal));
  TRY(told(client.register_repository(spec.name, !arguments.has("--private"))));
  return 0;
}

/// Only its user may read what a repository is; that everybody may read its tags says it as well.
Result<bool> is_public(const Client& client, const registry_client::RepositoryName& name) {
  const auto told_so = client.is_public(name);
  if (told_so) return *told_so;
  if (told_so.error().trouble == Trouble::NotAllowed) return true;
  return failure_of(told_so.error());
}

Result<int> info(const Arguments& arguments, const Terminal& terminal) {
  const auto [spec, client] = TRY(open(arguments, terminal));
  const auto tags = TRY(told(client.tags(spec.name)));
  const bool open_to_all = TRY(is_public(client, spec.name));
  if (arguments.has("--json")) {
    codec::JsonWriter json;
    json.open_object();
    json.key("config");
    json.open_object();
    json.key("public");
    json.boolean(open_to_all);
    json.close_object();
    json.key("tags");
    json.open_array();
    for (const std::string& each : tags) json.text(each);
    json.close_array();
    json.close_object();
    return cli::print(terminal, json.result() + "\n");
  }
  std::string text = concat(open_to_all ? "public" : "private", ", ", tags.size(),
                            tags.size() == 1 ? " tag\n" : " tags\n");
  for (const std::string& each : tags) text += concat("  ", each, "\n");
  return cli::print(terminal, text);
}

Result<int> admission(const Arguments& arguments, const Terminal& terminal) {
  const auto [spec, client] = TRY(open(arguments, terminal));
  const std::string path = arguments.positional(1);
  if (path.empty()) {
    const std::string rule = TRY(told(client.admission(spec.name)));
    return cli::print(terminal, rule + "\n");
  }
  const auto file = os::open_file(path == "-" ? "/dev/stdin" : path);
  if (!file) return Failure{concat(printable(path), ": ", os::describe(file.error()))};
  const auto rule = os::read_all(*file, registry_client::max_tag_size);
  if (!rule) return Failure{concat(printable(path), ": ", os::describe(rule.error()))};
  TRY(told(client.set_admission(spec.name, std::string(core::as_text(*rule)))));
  return 0;
}

void write(codec::JsonWriter& json, const registry_client::Repository& each) {
  json.open_object();
  json.key("name");
  json.text(each.name);
  json.key("public");
  json.boolean(each.is_public);
  json.key("tags");
  json.number(each.tags);
  json.key("bytes");
  json.number(each.bytes);
  json.close_object();
}

int print_repositories(const Arguments& arguments, const Terminal& terminal,
                       const std::vector<registry_client::Repository>& all) {
  if (arguments.has("--json")) {
    codec::JsonWriter json;
    json.open_object();
    json.key("repositories");
    json.open_array();
    for (const auto& each : all) write(json, each);
    json.close_array();
    json.close_object();
    return cli::print(terminal, json.result() + "\n");
  }
  std::string text;
  for (const auto& each : all) {
    text += concat(each.name, "  ", each.is_public ? "public" : "private", "  ", each.tags,
                   each.tags == 1 ? " tag  " : " tags  ", size_text(each.bytes), "\n");
  }
  return cli::print(terminal, text);
}

void write(codec::JsonWriter& json, const Version& each) {
  json.open_object();
  json.key("tag");
  json.text(each.tag);
  json.key("digest");
  json.text(concat("sha-256=", each.digest));
  json.key("length");
  json.number(each.length);
  json.key("files");
  json.number(each.files);
  json.key("signed");
  json.boolean(each.is_signed);
  if (each.yanked) {
    json.key("yanked");
    json.text(*each.yanked);
  }
  json.key("created");
  json.text(each.created);
  json.close_object();
}

int print_versions(const Arguments& arguments, const Terminal& terminal,
                   const std::vector<Version>& all) {
  if (arguments.has("--json")) {
    codec::JsonWriter json;
    json.open_object();
    json.key("versions");
    json.open_array();
    for (const auto& each : all) write(json, each);
    json.close_array();
    json.close_object();
    return cli::print(terminal, json.result() + "\n");
  }
  std::string text;
  for (const auto& each : all) {
    text +=
        concat(each.tag, "  sha-256=", each.digest, "  ", size_text(each.length), " in ",
               each.files, each.files == 1 ? " file" : " files", each.is_signed ? "  signed" : "",
               each.yanked ? concat("  withdrawn: ", printable(*each.yanked)) : "", "\n");
  }
  return cli::print(terminal, text);
}

/// A registry of Enarx knows tags alone.
Result<int> list_versions(const Arguments& arguments, const Terminal& terminal) {
  const auto [spec, client] = TRY(open(arguments, terminal));
  const auto versions = client.versions(spec.name);
  if (versions) return print_versions(arguments, terminal, *versions);
  if (arguments.has("--json") || versions.error().trouble != Trouble::NotThere) {
    return failure_of(versions.error());
  }
  const auto tags = TRY(told(client.tags(spec.name)));
  std::string text;
  for (const std::string& each : tags) text += each + "\n";
  return cli::print(terminal, text);
}

Result<int> list(const Arguments& arguments, const Terminal& terminal) {
  const std::string named = arguments.positional(0);
  if (repository_spec(named)) return list_versions(arguments, terminal);
  Spec spec;
  if (!named.empty()) spec = TRY(user_spec(named));
  const Access access = TRY(Access::of(arguments, terminal, spec.host));
  const auto client = TRY(access.client());
  const auto all = TRY(told(client.repositories(spec.name.user, "", most_repositories)));
  return print_repositories(arguments, terminal, all);
}

Result<int> search(const Arguments& arguments, const Terminal& terminal) {
  const Access access = TRY(Access::of(arguments, terminal, ""));
  const auto client = TRY(access.client());
  const auto all = TRY(told(client.repositories("", arguments.positional(0), most_repositories)));
  return print_repositories(arguments, terminal, all);
}

Result<int> yank(const Arguments& arguments, const Terminal& terminal) {
  const bool undo = arguments.has("--undo");
  const std::string reason = arguments.value("--reason");
  if (undo == !reason.empty()) {
    return Failure{"either --reason, or --undo must be given", Status::Usage};
  }
  const auto [spec, client] = TRY(open(arguments, terminal));
  std::size_t changed = 0;
  for (const Version& each : TRY(told(client.versions(spec.name)))) {
    if (each.yanked.has_value() != undo) continue;
    TRY(told(undo ? client.restore(spec.name, each.tag)
                  : client.yank(spec.name, each.tag, reason)));
    ++changed;
  }
  if (arguments.has("--json")) {
    return cli::print(terminal, concat("{\"changed\":", changed, "}\n"));
  }
  return 0;
}

void write(codec::JsonWriter& json, const registry_client::IssuedToken& token) {
  json.open_object();
  json.key("id");
  json.text(token.id);
  if (!token.secret.empty()) {
    json.key("token");
    json.text(token.secret);
  }
  json.key("expires");
  json.text(token.expires);
  if (!token.rights.empty()) {
    json.key("rights");
    json.open_array();
    for (const std::string& each : token.rights) json.text(each);
    json.close_array();
  }
  json.close_object();
}

Result<int> create_token(const Arguments& arguments, const Terminal& terminal) {
  constexpr std::uint64_t usual = 30;
  constexpr std::uint64_t most = 366;
  const auto days = command::number_of(arguments, "--days", {1, most}, usual);
  if (!days) return Failure{days.error(), Status::Usage};
  const auto named = arguments.values("--right");
  std::vector<std::string> rights(named.begin(), named.end());
  if (rights.empty()) rights.emplace_back("read");
  const auto [spec, client] = TRY(open(arguments, terminal));
  const auto token = TRY(told(client.create_token(spec.name, rights, *days)));
  if (arguments.has("--json")) {
    codec::JsonWriter json;
    write(json, token);
    return cli::print(terminal, json.result() + "\n");
  }
  return cli::print(terminal, concat("id ", token.id, ", until ", printable(token.expires), "\n",
                                     token.secret, "\n"));
}

Result<int> list_tokens(const Arguments& arguments, const Terminal& terminal) {
  const auto [spec, client] = TRY(open(arguments, terminal));
  const auto tokens = TRY(told(client.tokens(spec.name)));
  codec::JsonWriter json;
  json.open_object();
  json.key("tokens");
  json.open_array();
  for (const auto& each : tokens) write(json, each);
  json.close_array();
  json.close_object();
  if (arguments.has("--json")) return cli::print(terminal, json.result() + "\n");
  std::string text;
  for (const auto& each : tokens) {
    text += concat(each.id, "  until ", printable(each.expires), " ");
    for (const std::string& right : each.rights) text += concat(" ", printable(right));
    text += "\n";
  }
  return cli::print(terminal, text);
}

Result<int> revoke_token(const Arguments& arguments, const Terminal& terminal) {
  const std::string id = arguments.positional(1);
  if (!registry::is_entry(id)) {
    return Failure{concat(base::quoted(id), ": no token has such an id"), Status::Usage};
  }
  const auto [spec, client] = TRY(open(arguments, terminal));
  TRY(told(client.revoke_token(spec.name, id)));
  return 0;
}

}  // namespace

int repo_register(const Arguments& arguments, const Terminal& terminal) {
  return end(terminal, register_one(arguments, terminal));
}
int repo_info(const Arguments& arguments, const Terminal& terminal) {
  return end(terminal, info(arguments, terminal));
}
int repo_admission(const Arguments& arguments, const Terminal& terminal) {
  return end(terminal, admission(arguments, terminal));
}
int repo_list(const Arguments& arguments, const Terminal& terminal) {
  return end(terminal, list(arguments, terminal));
}
int repo_search(const Arguments& arguments, const Terminal& terminal) {
  return end(terminal, search(arguments, terminal));
}
int repo_yank(const Arguments& arguments, const Terminal& terminal) {
  return end(terminal, yank(arguments, terminal));
}
int repo_token_create(const Arguments& arguments, const Terminal& terminal) {
  return end(terminal, create_token(arguments, terminal));
}
int repo_token_list(const Arguments& arguments, const Terminal& terminal) {
  return end(terminal, list_tokens(arguments, terminal));
}
int repo_token_revoke(const Arguments& arguments, const Terminal& terminal) {
  return end(terminal, revoke_token(arguments, terminal));
}

}  // namespace merlon::cli_registry
