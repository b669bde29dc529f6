#pragma once

// A package on this machine as the tree that a registry would keep.

#include <memory>
#include <string>
#include <vector>

#include "merlon/cli_registry/access.h"
#include "merlon/registry/tree.h"

namespace merlon::cli_registry {

struct LocalPackage {
  std::shared_ptr<const files::Archive> archive;  ///< what the nodes point into
  std::vector<registry::Node> nodes;
};

/// A directory, or a WebAssembly file, which becomes the main.wasm of one. Enarx publishes such a
/// file as the root itself, which its own keeps then cannot find.
[[nodiscard]] Result<LocalPackage> read_package(const std::string& path);

/// Refuses what no keep could run: no main.wasm, an Enarx.toml that is none.
[[nodiscard]] Result<void> check_package(const std::string& path);

}  // namespace merlon::cli_registry
