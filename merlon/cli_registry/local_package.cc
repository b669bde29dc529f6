#include "merlon/cli_registry/local_package.h"

#include "merlon/base/text.h"
#include "merlon/os/file.h"
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

std::string_view name_of(workload::Protocol protocol) noexcept {
  return protocol == workload::Protocol::Tls ? "tls" : "tcp";
}

struct NetworkOf {
  std::string operator()(const workload::ListenFile& file) const {
    const bool is_v6 = file.address.find(':') != std::string::npos;
    return concat("listens on ", is_v6 ? "[" : "", file.address, is_v6 ? "]:" : ":", file.port,
                  " (", name_of(file.protocol), ")");
  }
  std::string operator()(const workload::ConnectFile& file) const {
    return concat("connects to ", file.host, ":", file.port, " (", name_of(file.protocol),
                  ") at its start");
  }
  std::string operator()(const workload::NullFile& /*file*/) const { return ""; }
  std::string operator()(const workload::StreamFile& /*file*/) const { return ""; }
};

}  // namespace

std::vector<std::string> network_of(const workload::Config& config) {
  std::vector<std::string> lines;
  if (config.steward()) lines.push_back(concat("asks the Steward ", *config.steward()));
  for (const workload::File& each : config.files()) {
    std::string line = std::visit(NetworkOf{}, each);
    if (!line.empty()) lines.push_back(std::move(line));
  }
  for (const workload::Allow& each : config.allowed()) {
    lines.push_back(
        concat("may connect to ", each.name, ":", each.port, " (", name_of(each.protocol), ")"));
  }
  return lines;
}

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

Result<std::vector<std::string>> check_package(const std::string& path) {
  const auto package = workload::open_package(path, std::nullopt);
  if (!package) return Failure{package.error().text};
  return network_of(package->config);
}

void show_network(const cli::Terminal& terminal, const std::vector<std::string>& lines) {
  if (!os::is_terminal(os::BorrowedFd(2))) return;
  for (const std::string& each : lines) {
    static_cast<void>(
        terminal.err(base::Printable::lines(concat("merlon: the package ", each, "\n"))));
  }
}

}  // namespace merlon::cli_registry
