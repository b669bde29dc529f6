#pragma once

// A package of a registry: its tag, judged by what its name pins and what is remembered, and its
// files, which reach the disk after they were checked and not before.

#include <string>

#include "merlon/cli_registry/access.h"
#include "merlon/registry_client/transfer.h"

namespace merlon::cli_registry {

/// Whether a command line means a registry's package, and not a file of this machine: it is a name,
/// and there is nothing by that path.
[[nodiscard]] bool is_at_registry(const std::string& text);

struct RegistryPackage {
  registry_client::Client client;
  registry::Slug slug;  ///< with the host that it was asked of, HOST[:PORT]
  registry_client::Client::Tag tag;
  std::string digest;  ///< hexadecimal SHA-256 of the root, by the tag's word
};

/// Asks for the tag. Untrue: the name pins another digest; it was withdrawn; --signed-by names a
/// key that has not signed it.
[[nodiscard]] Result<RegistryPackage> open_package(const cli::Arguments& arguments,
                                                   const cli::Terminal& terminal,
                                                   const registry::Slug& slug);

/// Puts the files into a directory that is there and empty. A tree that is one file becomes its
/// main.wasm. After an error some files may be there, each of them good.
[[nodiscard]] Result<void> write_tree(const RegistryPackage& package, const std::string& folder,
                                      const registry_client::Progress& progress);

}  // namespace merlon::cli_registry
