#pragma once

// Packages that lie at an address: a tenant's machine fetches them, and what is sealed is what
// came.

#include <optional>
#include <string>

#include "merlon/cli_evidence/files.h"
#include "merlon/https_client/https_client.h"

namespace merlon::cli_deploy {

/// The tag of a registry that a package came from.
struct RegistryOrigin {
  std::string host;
  std::uint16_t port = 443;
  std::string path;  ///< of the tag
  std::string tree;  ///< hexadecimal SHA-256 of the tree's root
};

/// A folder for what was fetched, which goes with this object.
class FetchedPackage {
 public:
  explicit FetchedPackage(std::string folder) noexcept : folder_(std::move(folder)) {}
  FetchedPackage(FetchedPackage&& other) noexcept
      : origin(std::move(other.origin)),
        folder_(std::exchange(other.folder_, {})),
        path_(std::move(other.path_)) {}
  FetchedPackage& operator=(FetchedPackage&&) = delete;
  FetchedPackage(const FetchedPackage&) = delete;
  FetchedPackage& operator=(const FetchedPackage&) = delete;
  ~FetchedPackage();

  /// As workload::open_package() takes it.
  [[nodiscard]] const std::string& path() const noexcept { return path_.empty() ? folder_ : path_; }
  void set_path(std::string path) noexcept { path_ = std::move(path); }

  std::optional<RegistryOrigin> origin;  ///< none: another server

 private:
  std::string folder_;
  std::string path_;  ///< of the one file that it is; empty: the folder
};

/// The path that `package` names on this machine, if it is "file://…"; else itself.
[[nodiscard]] std::string local_path(const std::string& package);
[[nodiscard]] bool is_remote(std::string_view package) noexcept;

/// Gets "https://…" (http:// of this machine only): a WebAssembly module if the server calls it one
/// (application/wasm), else a directory with main.wasm and perhaps Enarx.toml, each a request of
/// its own below the address [ENARX 0.7.1 crates/exec-wasmtime/src/workload.rs]. Only TLS vouches
/// for what comes.
[[nodiscard]] cli_evidence::Result<FetchedPackage> fetch_package(
    const std::string& url, const https_client::TlsFiles& files);

/// Gets a package of a registry by its name, or an artifact of an OCI registry (oci://), each file
/// checked against the tree's digest. Refused:
/// what comes is not what its digest says, the tag was moved or withdrawn.
[[nodiscard]] cli_evidence::Result<FetchedPackage> fetch_from_registry(
    const cli::Arguments& arguments, const cli::Terminal& terminal, const std::string& name);

}  // namespace merlon::cli_deploy
