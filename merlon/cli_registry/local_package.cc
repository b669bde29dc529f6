#include "merlon/cli_registry/local_package.h"

#include "merlon/base/text.h"
#include "merlon/os/open.h"
#include "merlon/workload/assets.h"
#include "merlon/workload/package.h"

namespace merlon::cli_registry {

using base::concat;

namespace {

Result<std::vector<std::uint8_t>> archive_of_directory(const std::string& path) {
  const auto directory = os::open_directory(path);
  if (!directory) {
    return Failure{concat(base::printable(path), ": ", os::describe(directory.error()))};
  }
  auto bytes = workload::read_assets(*directory, path, {""});
  if (!bytes) return Failure{bytes.error().text};
  return *std::move(bytes);
}

Result<std::vector<std::uint8_t>> archive_of_file(const std::string& path) {
  const auto file = os::open_file(path);
  if (!file) return Failure{concat(base::printable(path), ": ", os::describe(file.error()))};
  const auto bytes = os::read_all(*file, files::max_archive_size);
  if (!bytes) return Failure{concat(base::printable(path), ": ", os::describe(bytes.error()))};
  files::ArchiveWriter writer;
  const auto added = writer.add({files::ArchiveEntry::Kind::File, 0, "main.wasm", *bytes});
  if (!added) return Failure{concat(base::printable(path), ": ", added.error().message())};
  return writer.take();
}

bool is_directory(const std::string& path) { return os::open_directory(path).has_value(); }

}  // namespace

Result<LocalPackage> read_package(const std::string& path) {
  auto bytes = TRY(is_directory(path) ? archive_of_directory(path) : archive_of_file(path));
  auto archive =
      files::Archive::read(std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes)));
  if (!archive) return Failure{concat(base::printable(path), ": ", archive.error().message())};
  LocalPackage package;
  package.archive = std::make_shared<const files::Archive>(*std::move(archive));
  auto nodes = registry::tree_of(*package.archive);
  if (!nodes) return Failure{concat(base::printable(path), ": ", nodes.error().message())};
  package.nodes = *std::move(nodes);
  return package;
}

Result<void> check_package(const std::string& path) {
  const auto package = workload::open_package(path, std::nullopt);
  if (!package) return Failure{package.error().text};
  return {};
}

}  // namespace merlon::cli_registry
