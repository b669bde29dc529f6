#include "merlon/registry/tree.h"

#include <algorithm>
#include <map>

#include "merlon/registry/names.h"

namespace merlon::registry {

using core::ErrorCode;
using files::ArchiveEntry;

namespace {

/// What is known of a directory before its own entry comes.
using Directories = std::map<std::string, Directory, std::less<>>;

struct Split {
  std::string_view parent;
  std::string_view name;
};

Split split(std::string_view path) noexcept {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

core::Result<Node> directory_node(std::string path, const Directory& directory) {
  Node node;
  node.path = std::move(path);
  node.listing = to_json(directory);
  if (node.listing.size() > max_directory_size) {
    return core::error(ErrorCode::Exhausted, "a directory has too many entries for a registry");
  }
  node.meta = Meta::of(core::as_bytes(node.listing), directory_type);
  return node;
}

core::Result<Node> node_of(const ArchiveEntry& entry, Directories& directories) {
  switch (entry.kind) {
    case ArchiveEntry::Kind::Directory: {
      const Directory own = std::move(directories[std::string(entry.path)]);
      return directory_node(std::string(entry.path), own);
    }
    case ArchiveEntry::Kind::File: {
      const std::string_view type = type_of_file(split(entry.path).name);
      return Node{std::string(entry.path), Meta::of(entry.bytes, type), {}, entry.bytes};
    }
    case ArchiveEntry::Kind::Link: break;
  }
  return core::error(ErrorCode::Unsupported, "a registry keeps no symbolic links");
}

}  // namespace

core::Result<std::vector<Node>> tree_of(const files::Archive& archive) {
  Directories directories;
  std::vector<Node> nodes;
  const auto& entries = archive.entries();
  // From the end: what is in a directory stands behind it.
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    const auto [parent, name] = split(entry->path);
    if (!is_entry(name)) {
      return core::error(ErrorCode::Unsupported,
                         "a registry's names are of letters, digits, '.', '_', ':' and '-'");
    }
    Node node = TRY(node_of(*entry, directories));
    directories[std::string(parent)].emplace(name, node.meta);
    nodes.push_back(std::move(node));
  }
  nodes.push_back(TRY(directory_node("", directories[""])));
  std::ranges::sort(nodes, {}, &Node::path);
  return nodes;
}

}  // namespace merlon::registry
