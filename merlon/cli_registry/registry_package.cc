#include "merlon/cli_registry/registry_package.h"

#include <filesystem>

#include "merlon/base/text.h"
#include "merlon/cli_registry/tag_keys.h"
#include "merlon/os/open.h"

namespace merlon::cli_registry {

using base::concat;

namespace {

registry_client::Failure unwritten(const std::string& path, std::string_view why) {
  return {concat(base::printable(path), ": ", why)};
}

registry_client::Result<void> write_node(const std::string& folder,
                                         const registry_client::FetchedNode& node) {
  if (node.is_directory) {
    if (node.path.empty()) return {};
    const std::string path = concat(folder, "/", node.path);
    std::error_code error;
    std::filesystem::create_directory(path, error);
    if (error) return unwritten(path, error.message());
    return {};
  }
  const std::string path = concat(folder, "/", node.path.empty() ? "main.wasm" : node.path);
  const auto file = os::create_file(path);
  if (!file) return unwritten(path, os::describe(file.error()));
  const auto written = os::write_all(*file, node.bytes);
  if (!written) return unwritten(path, os::describe(written.error()));
  return {};
}

}  // namespace

bool is_at_registry(const std::string& text) {
  return registry::Slug::parse(text).has_value() && !os::exists(text);
}

Result<RegistryPackage> open_package(const cli::Arguments& arguments, const cli::Terminal& terminal,
                                     const registry::Slug& slug) {
  const Access access = TRY(Access::of(arguments, terminal, slug.host));
  auto client = TRY(access.client());
  registry::Slug named = slug;
  named.host = access.bare_host();
  auto tag = TRY(told(client.tag(named)));
  if (arguments.has("--signed-by")) {
    TRY(check_signature(arguments.value("--signed-by"), named, tag));
  }
  const core::ByteView sha256 = tag.entry.root.digest.get(registry::DigestKind::Sha256);
  if (sha256.empty()) return Failure{concat(named.text(), ": its tag names no SHA-256")};
  std::string digest = base::hex(sha256);
  if (!named.digest.empty() && named.digest != digest) {
    return Failure{concat(named.text(), ": its registry has sha-256=", digest, " under this tag"),
                   Status::Untrue};
  }
  return RegistryPackage{std::move(client), std::move(named), std::move(tag), std::move(digest)};
}

Result<void> write_tree(const RegistryPackage& package, const std::string& folder,
                        const registry_client::Progress& progress) {
  const registry_client::Visitor visit = [&](registry_client::FetchedNode node) {
    return write_node(folder, node);
  };
  return told(
      registry_client::fetch(package.client, package.slug, package.tag.entry, visit, progress));
}

}  // namespace merlon::cli_registry
