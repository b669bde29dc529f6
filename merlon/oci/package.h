#pragma once

// Packages as artifacts: put together from what a registry gives, and published. Nothing is given
// back before all of it was checked: each blob against its digest, the configuration against the
// layers, and the package's own tree (registry/tree.h) against what the artifact says of it.

#include <memory>
#include <string>
#include <vector>

#include "merlon/files/archive.h"
#include "merlon/oci/client.h"
#include "merlon/registry/tree.h"

namespace merlon::oci {

struct Package {
  std::shared_ptr<const files::Archive> archive;  ///< what the nodes point into
  std::vector<registry::Node> nodes;              ///< the root first
  std::string manifest;    ///< hexadecimal SHA-256 of what its name means: manifest or index
  std::string type;        ///< of the artifact, or else of its configuration
  std::string signed_tag;  ///< as it came; empty: there is none. Not judged
  std::uint64_t size = 0;  ///< of the layers

  [[nodiscard]] const registry::Meta& root() const { return nodes.front().meta; }
  /// Hexadecimal SHA-256 of the tree's root.
  [[nodiscard]] std::string tree() const;
};

/// Untrue: a digest in the name, or anything else, is not what it says. Unusable: no package, with
/// the reason.
[[nodiscard]] Result<Package> fetch(Client& client, const Reference& reference,
                                    const Progress& progress = {});

struct Publication {
  const std::vector<registry::Node>& nodes;
  std::string signed_tag{};  ///< empty: it is not signed
  bool replace = false;      ///< also where the tag stands with another manifest
};
struct Published {
  std::string manifest;    ///< hexadecimal SHA-256
  bool was_there = false;  ///< the tag with this manifest
};
/// Puts what is not there yet, and the tag last. Taken: it stands with another manifest.
[[nodiscard]] Result<Published> publish(Client& client, const Reference& reference,
                                        const Publication& publication,
                                        const Progress& progress = {});

}  // namespace merlon::oci
