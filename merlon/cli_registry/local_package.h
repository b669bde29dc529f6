#pragma once

// A package on this machine as the tree that a registry would keep.

#include <memory>
#include <string>
#include <vector>

#include "merlon/cli_registry/access.h"
#include "merlon/registry/tree.h"
#include "merlon/workload/config.h"

namespace merlon::cli_registry {

struct LocalPackage {
  std::shared_ptr<const files::Archive> archive;  ///< what the nodes point into
  std::vector<registry::Node> nodes;
};

/// A directory, or a WebAssembly file, which becomes the main.wasm of one. Enarx publishes such a
/// file as the root itself, which its own keeps then cannot find.
[[nodiscard]] Result<LocalPackage> read_package(const std::string& path);

/// What a workload would do on the network, by its Enarx.toml: "listens on [::]:8443 (tls)".
[[nodiscard]] std::vector<std::string> network_of(const workload::Config& config);

/// That of a package. Refuses what no keep could run: no main.wasm, an Enarx.toml that is none.
[[nodiscard]] Result<std::vector<std::string>> check_package(const std::string& path);

/// Says it on a terminal, before a package goes; elsewhere nothing is said.
void show_network(const cli::Terminal& terminal, const std::vector<std::string>& lines);

}  // namespace merlon::cli_registry
