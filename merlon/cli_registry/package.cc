// merlon package …: packages to and from registries.

#include <filesystem>
#include <functional>

#include "merlon/base/text.h"
#include "merlon/cli_registry/commands.h"
#include "merlon/cli_registry/local_package.h"
#include "merlon/cli_registry/oci_package.h"
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

/// The same of an artifact, with its manifest's digest.
std::string json_of(const oci::Reference& reference, const oci::Package& package,
                    std::string_view name, std::string_view value) {
  codec::JsonWriter json;
  json.open_object();
  json.key("package");
  json.text(reference.tag.empty() ? reference.text() : reference.tag_text());
  json.key("digest");
  json.text(concat("sha-256=", package.tree()));
  json.key("manifest");
  json.text(concat("sha256:", package.manifest));
  json.key(name);
  json.text(value);
  json.close_object();
  return json.result() + "\n";
}

Result<int> publish(const Arguments& arguments, const Terminal& terminal) {
  // Artifacts are also named behind what they are made of, as other tools have it.
  for (const std::size_t name : {0U, 1U}) {
    if (!oci::is_reference(arguments.positional(name))) continue;
    return publish_oci_package(arguments, terminal, arguments.positional(name),
                               arguments.positional(1 - name));
  }
  for (const std::string_view each : {"--replace", "--token-host"}) {
    if (!arguments.has(each)) continue;
    return Failure{concat(each, ": is for OCI registries (oci://)"), Status::Usage};
  }
  auto slug = TRY(slug_of(arguments.positional(0)));
  const std::string path = arguments.positional(1);
  const auto network = TRY(check_package(path));
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
  show_network(terminal, network);
  ProgressLine line;
  std::string signature;
  if (arguments.has("--sign")) {
    signature = TRY(signed_by(arguments.value("--sign"), registry::signed_name(slug), package));
  }
  const auto done =
      TRY(told(registry_client::publish(client, slug, package.nodes, line.callback(), signature)));
  TRY(TagMemory::of(terminal).check(slug, digest, true));
  if (!arguments.has("--json")) return 0;
  return cli::print(terminal,
                    json_of(slug, digest, "published", done.sent == 0 ? "already" : "now"));
}

/// `write` puts the files into a directory beside it first: `target` is whole or not there.
Result<void> fetch_into(const std::function<Result<void>(const std::string& folder)>& write,
                        const std::string& target, const std::optional<std::string>& key_file) {
  const std::string partial = target + ".part";
  std::error_code error;
  if (std::filesystem::exists(target, error) || error) {
    return Failure{concat(base::printable(target), ": is there already")};
  }
  if (!std::filesystem::create_directory(partial, error) || error) {
    return Failure{concat(base::printable(partial), ": cannot be made",
                          error ? concat(": ", error.message()) : ", it is there already")};
  }
  auto written = write(partial);
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

std::string target_of(const Arguments& arguments, const std::string& usual) {
  std::string target = arguments.positional(1);
  if (target.empty()) target = usual;
  while (target.size() > 1 && target.ends_with('/')) target.pop_back();
  return target;
}

Result<int> fetch_oci(const Arguments& arguments, const Terminal& terminal) {
  const auto opened = TRY(open_oci_package(arguments, terminal, arguments.positional(0)));
  const oci::Reference& reference = opened.reference;
  TRY(check_memory(opened, arguments, terminal));
  const std::string last = reference.repository.substr(reference.repository.rfind('/') + 1);
  const std::string target = target_of(
      arguments, concat(last, "-", reference.tag.empty() ? reference.manifest : reference.tag));
  const auto write = [&](const std::string& folder) { return write_files(opened.package, folder); };
  TRY(fetch_into(write, target, content_key_file(arguments)));
  if (!arguments.has("--json")) return 0;
  return cli::print(terminal, json_of(reference, opened.package, "directory", target));
}

Result<int> fetch(const Arguments& arguments, const Terminal& terminal) {
  if (oci::is_reference(arguments.positional(0))) return fetch_oci(arguments, terminal);
  const auto slug = TRY(slug_of(arguments.positional(0)));
  const std::string target = target_of(arguments, concat(slug.repository, "-", slug.tag));
  const auto package = TRY(open_package(arguments, terminal, slug));
  const auto memory = TagMemory::of(terminal);
  TRY(memory.check(package.slug, package.digest, arguments.has("--accept-new-digest")));
  const auto write = [&](const std::string& folder) {
    ProgressLine line;
    return write_tree(package, folder, line.callback());
  };
  TRY(fetch_into(write, target, content_key_file(arguments)));
  if (!arguments.has("--json")) return 0;
  return cli::print(terminal, json_of(package.slug, package.digest, "directory", target));
}

/// What is said of a tag's signature, which was judged if a key was named.
std::string_view signed_text(const Arguments& arguments, bool is_signed) {
  if (!is_signed) return "signed  no";
  return arguments.has("--signed-by")
             ? "signed  yes, by that key"
             : "signed  yes; --signed-by FILE says whether by whom you think";
}

/// Of an artifact all is fetched, so that what is said of it is so.
Result<int> info_oci(const Arguments& arguments, const Terminal& terminal) {
  const auto opened = TRY(open_oci_package(arguments, terminal, arguments.positional(0)));
  const oci::Package& package = opened.package;
  if (arguments.has("--json")) {
    return cli::print(terminal, json_of(opened.reference, package, "type", package.type));
  }
  return cli::print(terminal, concat("digest  sha-256=", package.tree(), "\noci     sha256:",
                                     package.manifest, "\ntype    ", base::printable(package.type),
                                     "\nsize    ", size_text(package.size), "\n",
                                     signed_text(arguments, !package.signed_tag.empty()), "\n"));
}

Result<int> info(const Arguments& arguments, const Terminal& terminal) {
  if (oci::is_reference(arguments.positional(0))) return info_oci(arguments, terminal);
  const auto slug = TRY(slug_of(arguments.positional(0)));
  const auto package = TRY(open_package(arguments, terminal, slug));
  const registry::Meta& root = package.tag.entry.root;
  if (arguments.has("--json")) return cli::print(terminal, registry::to_json(root) + "\n");
  return cli::print(terminal,
                    concat("digest  sha-256=", package.digest, "\n", "type    ",
                           base::printable(root.type), "\n", "size    ", size_text(root.length),
                           root.type == registry::directory_type ? " of listing\n" : "\n",
                           signed_text(arguments, package.tag.entry.is_signed), "\n"));
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
