#include "merlon/workload/package.h"

#include "merlon/base/text.h"
#include "merlon/core/bytes.h"
#include "merlon/os/open.h"

namespace merlon::workload {

using base::concat;

namespace {

template <typename T>
using Result = core::Result<T, PackageError>;

constexpr const char* module_file = "main.wasm";
constexpr const char* config_file = "Enarx.toml";

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

/// The configuration that the directory of a package holds, if any.
Result<Config> own_config(const os::Fd& directory, const std::string& directory_path) {
  const auto file = os::open_file_in(directory, config_file);
  const std::string path = joined(directory_path, config_file);
  if (file) return read_config(*file, path);
  if (file.error() == os::Errno::Noent) return Config::standard();
  return cannot_read(path, file.error());
}

Result<Package> open_directory(const std::string& path,
                               const std::optional<std::string>& config_path) {
  const auto directory = os::open_directory(path);
  if (!directory) return cannot_read(path, directory.error());
  auto module = os::open_file_in(*directory, module_file);
  if (!module && module.error() == os::Errno::Noent) {
    return PackageError{core::ErrorCode::NotFound,
                        concat(path,
                               ": has no main.wasm; a package is a directory with main.wasm "
                               "and, if it needs more than standard streams, Enarx.toml")};
  }
  const std::string name = joined(path, module_file);
  if (!module) return cannot_read(name, module.error());
  Config config = TRY(config_path ? named_config(*config_path) : own_config(*directory, path));
  return Package{*std::move(module), name, std::move(config)};
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
  return Package{*std::move(module), path, std::move(config)};
}

}  // namespace merlon::workload
