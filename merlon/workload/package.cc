#include "merlon/workload/package.h"

#include "merlon/base/text.h"
#include "merlon/codec/pem.h"
#include "merlon/core/bytes.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"
#include "merlon/os/resolver.h"
#include "merlon/workload/assets.h"

namespace merlon::workload {

using base::concat;

namespace {

template <typename T>
using Result = core::Result<T, PackageError>;

constexpr const char* module_file = "main.wasm";
constexpr const char* config_file = "Enarx.toml";
/// In bytes; a whole list of the web's roots fits.
constexpr std::size_t max_anchor_file = std::size_t{1} << 20U;

PackageError cannot_read(const std::string& path, os::Errno number) {
  return {os::to_error(number, "").code, concat(path, ": cannot be read: ", os::describe(number))};
}

std::string joined(const std::string& directory, const char* name) {
  return directory.ends_with('/') ? concat(directory, name) : concat(directory, "/", name);
}

Result<Config> read_config(const os::Fd& file, const std::string& path) {
  const auto bytes = os::read_all(file, max_config_size);
  if (!bytes) {
    if (bytes.error() == os::Errno::Fbig) {
      return PackageError{core::ErrorCode::Exhausted,
                          concat(path, ": is longer than ", max_config_size, " bytes")};
    }
    return cannot_read(path, bytes.error());
  }
  auto config = Config::parse(core::as_text(*bytes), path);
  if (!config) return PackageError{core::ErrorCode::Malformed, config.error().text()};
  return *std::move(config);
}

Result<Config> named_config(const std::string& path) {
  const auto file = os::open_file(path);
  if (!file) return cannot_read(path, file.error());
  return read_config(*file, path);
}

/// A regular file in a directory, as it is opened where links may lead anywhere, or nowhere out.
using Open = os::Result<os::Fd> (*)(os::BorrowedFd directory, const char* name) noexcept;

os::Result<os::Fd> open_within(os::BorrowedFd directory, const char* name) noexcept {
  const auto path = TRY(os::Path::from(name));
  os::Fd file = TRY(os::Resolver().open(directory, path, {.follow = os::Follow::Yes}));
  const os::FileStatus status = TRY(os::status(file));
  if (status.type == os::FileType::Regular) return file;
  return status.type == os::FileType::Directory ? os::Errno::Isdir : os::Errno::IsDevice;
}

/// The configuration that the directory of a package holds, if any.
Result<Config> own_config(os::BorrowedFd directory, const std::string& directory_path, Open open) {
  const auto file = open(directory, config_file);
  const std::string path = joined(directory_path, config_file);
  if (file) return read_config(*file, path);
  if (file.error() == os::Errno::Noent) return Config::standard();
  return cannot_read(path, file.error());
}

/// Certificates of a text in PEM.
Result<std::vector<Certificate>> read_anchors(const os::Fd& file, const std::string& path) {
  const auto bytes = os::read_all(file, max_anchor_file);
  if (!bytes) return cannot_read(path, bytes.error());
  auto blocks = codec::pem_blocks(core::as_text(*bytes));
  if (!blocks) {
    return PackageError{core::ErrorCode::Malformed,
                        concat(path, ": is no certificate in PEM: ", blocks.error().message())};
  }
  std::vector<Certificate> anchors;
  for (codec::PemBlock& block : *blocks) {
    if (block.label == "CERTIFICATE") anchors.push_back(std::move(block.bytes));
  }
  if (!anchors.empty()) return anchors;
  return PackageError{core::ErrorCode::Malformed, concat(path, ": holds no certificate")};
}

/// Every name of a file that `config` trusts.
std::vector<std::string> trusted_files(const Config& config) {
  std::vector<std::string> names = config.steward_trust().files;
  const auto add = [&](const Trust& trust) {
    names.insert(names.end(), trust.files.begin(), trust.files.end());
  };
  for (const File& file : config.files()) {
    if (const auto* listen = std::get_if<ListenFile>(&file)) add(listen->tls.trust);
    if (const auto* connect = std::get_if<ConnectFile>(&file)) add(connect->tls.trust);
  }
  for (const Allow& allow : config.allowed()) add(allow.tls.trust);
  return names;
}

/// They lie where Enarx.toml lies.
Result<void> load_anchors(Package& package, os::BorrowedFd directory,
                          const std::string& directory_path, Open open) {
  for (const std::string& name : trusted_files(package.config)) {
    if (package.anchors.contains(name)) continue;
    const std::string path = joined(directory_path, name.c_str());
    const auto file = open(directory, name.c_str());
    if (!file) return cannot_read(path, file.error());
    package.anchors[name] = TRY(read_anchors(*file, path));
  }
  return {};
}

/// Directories to be mounted lie beside Enarx.toml, too.
Result<void> load_archive(Package& package, os::BorrowedFd directory,
                          const std::string& directory_path) {
  std::vector<std::string> directories;
  for (const Mount& mount : package.config.mounts()) {
    if (mount.source == Mount::Source::Package) directories.push_back(mount.directory);
  }
  if (directories.empty()) return {};
  package.archive = TRY(read_assets(directory, directory_path, directories));
  return {};
}

/// What a configuration names beside itself, by the path of its directory.
Result<void> load_beside(Package& package, const std::string& directory_path) {
  const auto directory = os::open_directory(directory_path);
  if (!directory) return cannot_read(directory_path, directory.error());
  TRY(load_anchors(package, *directory, directory_path, &os::open_file_in));
  return load_archive(package, *directory, directory_path);
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

PackageError without_module(const std::string& path) {
  return {core::ErrorCode::NotFound,
          concat(path,
                 ": has no main.wasm; a package is a directory with main.wasm "
                 "and, if it needs more than standard streams, Enarx.toml")};
}

Result<Package> open_directory(const std::string& path,
                               const std::optional<std::string>& config_path) {
  const auto directory = os::open_directory(path);
  if (!directory) return cannot_read(path, directory.error());
  auto module = os::open_file_in(*directory, module_file);
  if (!module && module.error() == os::Errno::Noent) return without_module(path);
  const std::string name = joined(path, module_file);
  if (!module) return cannot_read(name, module.error());
  Config config = TRY(config_path ? named_config(*config_path)
                                  : own_config(*directory, path, &os::open_file_in));
  Package package{*std::move(module), name, std::move(config)};
  TRY(load_beside(package, config_path ? directory_of(*config_path) : path));
  return package;
}

}  // namespace

Result<Package> open_package(const std::string& path,
                             const std::optional<std::string>& config_path) {
  auto module = os::open_file(path);
  if (!module) {
    if (module.error() == os::Errno::Isdir) return open_directory(path, config_path);
    return cannot_read(path, module.error());
  }
  Config config =
      TRY(config_path ? named_config(*config_path) : Result<Config>(Config::standard()));
  Package package{*std::move(module), path, std::move(config)};
  if (!config_path) return package;
  TRY(load_beside(package, directory_of(*config_path)));
  return package;
}

Result<Package> open_package_in(os::BorrowedFd directory, const std::string& path) {
  auto module = open_within(directory, module_file);
  if (!module && module.error() == os::Errno::Noent) return without_module(path);
  const std::string name = joined(path, module_file);
  if (!module) return cannot_read(name, module.error());
  Config config = TRY(own_config(directory, path, &open_within));
  Package package{*std::move(module), name, std::move(config)};
  TRY(load_anchors(package, directory, path, &open_within));
  TRY(load_archive(package, directory, path));
  return package;
}

}  // namespace merlon::workload
