// merlon package …: packages to and from registries.

#include <filesystem>

#include "merlon/base/text.h"
#include "merlon/cli_registry/commands.h"
#include "merlon/cli_registry/local_package.h"
#include "merlon/cli_registry/progress.h"
#include "merlon/cli_registry/registry_package.h"
#include "merlon/cli_registry/sealing.h"
#include "merlon/cli_registry/tag_keys.h"
#include "merlon/cli_registry/tag_memory.h"
#include "merlon/codec/json_writer.h"

namespace merlon::cli_registry {

using base::concat;
using cli::Arguments;
using cli::Terminal;

namespace {

std::string sha256_of(const registry::Meta& meta) {
  return base::hex(meta.digest.get(registry::DigestKind::Sha256));
}

/// Where it is, by what, as one object.
std::string json_of(const registry::Slug& slug, const std::string& digest, std::string_view name,
                    std::string_view value) {
  codec::JsonWriter json;
  json.open_object();
  json.key("package");
  registry::Slug bare = slug;
  bare.digest.clear();
  json.text(bare.text());
  json.key("digest");
  json.text(concat("sha-256=", digest));
  json.key(name);
  json.text(value);
  json.close_object();
  return json.result() + "\n";
}

Result<int> publish(const Arguments& arguments, const Terminal& terminal) {
  auto slug = TRY(slug_of(arguments.positional(0)));
  const std::string path = arguments.positional(1);
  TRY(check_package(path));
  auto package = TRY(read_package(path));
  if (arguments.has("--seal")) {
    const auto key = TRY(content_key_at(arguments.value("--seal")));
    package = TRY(sealed(package, key));
  }
  const std::string digest = sha256_of(package.nodes.front().meta);
  if (!slug.digest.empty() && slug.digest != digest) {
    return Failure{concat(base::printable(path), ": has the digest sha-256=", digest,
                          ", not the one in the name"),
                   Status::Untrue};
  }
  const Access access = TRY(Access::of(arguments, terminal, slug.host));
  const auto client = TRY(access.client());
  slug.host = access.bare_host();
  ProgressLine line;
  std::string signature;
  if (arguments.has("--sign")) {
    signature = TRY(signed_by(arguments.value("--sign"), slug, package));
  }
  const auto done =
      TRY(told(registry_client::publish(client, slug, package.nodes, line.callback(), signature)));
  TRY(TagMemory::of(terminal).check(slug, digest, true));
  if (!arguments.has("--json")) return 0;
  return cli::print(terminal,
                    json_of(slug, digest, "published", done.sent == 0 ? "already" : "now"));
}

/// The files go into a directory beside it first: `target` is whole or not there.
Result<void> fetch_into(const RegistryPackage& package, const std::string& target,
                        const std::optional<std::string>& key_file) {
  const std::string partial = target + ".part";
  std::error_code error;
  if (std::filesystem::exists(target, error) || error) {
    return Failure{concat(base::printable(target), ": is there already")};
  }
  if (!std::filesystem::create_directory(partial, error) || error) {
    return Failure{concat(base::printable(partial), ": cannot be made",
                          error ? concat(": ", error.message()) : ", it is there already")};
  }
  ProgressLine line;
  auto written = write_tree(package, partial, line.callback());
  if (written && key_file) written = unseal(partial, key_file);
  if (written) std::filesystem::rename(partial, target, error);
  if (!written || error) {
    std::error_code ignored;
    std::filesystem::remove_all(partial, ignored);
  }
  if (!written) return written.error();
  if (error) return Failure{concat(base::printable(target), ": ", error.message())};
  return {};
}

Result<int> fetch(const Arguments& arguments, const Terminal& terminal) {
  const auto slug = TRY(slug_of(arguments.positional(0)));
  std::string target = arguments.positional(1);
  if (target.empty()) target = concat(slug.repository, "-", slug.tag);
  while (target.size() > 1 && target.ends_with('/')) target.pop_back();
  const auto package = TRY(open_package(arguments, terminal, slug));
  const auto memory = TagMemory::of(terminal);
  TRY(memory.check(package.slug, package.digest, arguments.has("--accept-new-digest")));
  TRY(fetch_into(package, target, content_key_file(arguments)));
  if (!arguments.has("--json")) return 0;
  return cli::print(terminal, json_of(package.slug, package.digest, "directory", target));
}

/// What is said of a tag's signature, which open_package() has judged if a key was named.
std::string_view signed_text(const Arguments& arguments, const registry_client::TagEntry& entry) {
  if (!entry.is_signed) return "signed  no";
  return arguments.has("--signed-by")
             ? "signed  yes, by that key"
             : "signed  yes; --signed-by FILE says whether by whom you think";
}

Result<int> info(const Arguments& arguments, const Terminal& terminal) {
  const auto slug = TRY(slug_of(arguments.positional(0)));
  const auto package = TRY(open_package(arguments, terminal, slug));
  const registry::Meta& root = package.tag.entry.root;
  if (arguments.has("--json")) return cli::print(terminal, registry::to_json(root) + "\n");
  return cli::print(terminal,
                    concat("digest  sha-256=", package.digest, "\n", "type    ",
                           base::printable(root.type), "\n", "size    ", size_text(root.length),
                           root.type == registry::directory_type ? " of listing\n" : "\n",
                           signed_text(arguments, package.tag.entry), "\n"));
}

Result<int> yank(const Arguments& arguments, const Terminal& terminal) {
  const auto slug = TRY(slug_of(arguments.positional(0)));
  const bool undo = arguments.has("--undo");
  const bool for_good = arguments.has("--for-good");
  const std::string reason = arguments.value("--reason");
  const int wishes = (undo ? 1 : 0) + (for_good ? 1 : 0) + (reason.empty() ? 0 : 1);
  if (wishes != 1) {
    return Failure{"one of --reason, --undo and --for-good must be given", Status::Usage};
  }
  const Access access = TRY(Access::of(arguments, terminal, slug.host));
  const auto client = TRY(access.client());
  const registry_client::RepositoryName name{slug.user, slug.repository};
  if (for_good) {
    TRY(told(client.remove(name, slug.tag)));
  } else {
    TRY(told(undo ? client.restore(name, slug.tag) : client.yank(name, slug.tag, reason)));
  }
  if (!arguments.has("--json")) return 0;
  return cli::print(terminal, concat("{\"changed\":1}\n"));
}

}  // namespace

int package_publish(const Arguments& arguments, const Terminal& terminal) {
  return end(terminal, publish(arguments, terminal));
}
int package_fetch(const Arguments& arguments, const Terminal& terminal) {
  return end(terminal, fetch(arguments, terminal));
}
int package_info(const Arguments& arguments, const Terminal& terminal) {
  return end(terminal, info(arguments, terminal));
}
int package_yank(const Arguments& arguments, const Terminal& terminal) {
  return end(terminal, yank(arguments, terminal));
}

}  // namespace merlon::cli_registry
