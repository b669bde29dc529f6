#pragma once

// A package: a directory with main.wasm and perhaps Enarx.toml, or a wasm file by itself
// [ENARX 0.7.1]. The files are opened here and read later, by whoever runs them.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "merlon/core/result.h"
#include "merlon/os/fd.h"
#include "merlon/workload/config.h"
#include "merlon/workload/package_error.h"

namespace merlon::workload {

/// DER of one certificate.
using Certificate = std::vector<std::uint8_t>;

struct Package {
  os::Fd module;     ///< open for reading; nothing of it has been read
  std::string name;  ///< the module's path as the user gave or implied it
  Config config;
  /// What the files hold that the configuration trusts, by their names.
  std::map<std::string, std::vector<Certificate>> anchors{};
  /// The directories of the package that are mounted (files/archive.h); empty if none is.
  std::vector<std::uint8_t> archive{};
};

/// Opens the wasm file or package directory at `path`. `config_path` names another Enarx.toml than
/// the directory's own; without either, Config::standard() holds.
///
/// Errors: NotFound (no such file, a directory without main.wasm) · Denied · Malformed (Enarx.toml,
///         a file of certificates) · Unavailable · as read_assets().
[[nodiscard]] core::Result<Package, PackageError> open_package(
    const std::string& path, const std::optional<std::string>& config_path);

/// The same for the package directory `directory` of somebody who is not trusted with this
/// machine's files: no link in it leads out of it. `path` names it for people.
[[nodiscard]] core::Result<Package, PackageError> open_package_in(os::BorrowedFd directory,
                                                                  const std::string& path);

}  // namespace merlon::workload
