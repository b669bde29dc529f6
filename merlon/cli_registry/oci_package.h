#pragma once

// Packages that are artifacts at an OCI registry (docs/oci-artifacts.md): the same commands,
// options and rules as for a Drawbridge's.

#include <string>

#include "merlon/cli_registry/local_package.h"
#include "merlon/cli_registry/registry_package.h"
#include "merlon/oci/package.h"

namespace merlon::cli_registry {

struct OciPackage {
  oci::Reference reference;
  oci::Package package;  ///< all of it, checked
};

/// Gets it, with a line of progress. Untrue: the name pins another digest; what comes is not what
/// it says; --signed-by names a key that has not signed these very files under this name.
[[nodiscard]] Result<OciPackage> open_oci_package(const cli::Arguments& arguments,
                                                  const cli::Terminal& terminal,
                                                  const std::string& name);

/// Refuses a tag whose tree is another one than when it was last used here (TagMemory).
[[nodiscard]] Result<void> check_memory(const OciPackage& package, const cli::Arguments& arguments,
                                        const cli::Terminal& terminal);

/// Puts the files into a directory that is there and empty.
[[nodiscard]] Result<void> write_files(const oci::Package& package, const std::string& folder);

/// As --seal, --sign and --replace say; prints one object with --json.
[[nodiscard]] Result<int> publish_oci_package(const cli::Arguments& arguments,
                                              const cli::Terminal& terminal,
                                              const std::string& name, const std::string& path);

/// Where a package of a Drawbridge came from; empty for an artifact.
struct Source {
  registry::Slug slug;  ///< with its host, HOST[:PORT]
  std::string tree;     ///< hexadecimal SHA-256 of the root
};

/// Gets the package that `name` means, of either kind, checks what is remembered of its tag, and
/// puts its files, unsealed if --content-key is there, into a directory that is there and empty.
[[nodiscard]] Result<Source> fetch_any(const cli::Arguments& arguments,
                                       const cli::Terminal& terminal, const std::string& name,
                                       const std::string& folder);

}  // namespace merlon::cli_registry
