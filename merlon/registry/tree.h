#pragma once

// A package as a registry keeps it: each directory as JSON, each file as it is, each with its
// digests, from the leaves up, so that the root's digest is one of the whole tree. Pure.

#include <string>
#include <vector>

#include "merlon/core/result.h"
#include "merlon/files/archive.h"
#include "merlon/registry/directory.h"

namespace merlon::registry {

struct Node {
  std::string path;  ///< "" for the root, else names with "/" between them
  Meta meta;
  std::string listing;     ///< of a directory
  core::ByteView content;  ///< of a file, within the archive
};

/// All nodes of a package's files in ascending order of their paths, the root first, which is the
/// order in which Enarx' client sends them. `archive` outlives them.
///
/// Errors: Unsupported (a symbolic link, a name that no entry of a tree has; the text says which
///         rule) · Exhausted (a directory whose listing is too large).
[[nodiscard]] core::Result<std::vector<Node>> tree_of(const files::Archive& archive);

}  // namespace merlon::registry
