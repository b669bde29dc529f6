#pragma once

// Packages between this machine and a registry: published node by node, and fetched so that each
// node is what its directory says of it before it is used.

#include <functional>
#include <map>

#include "merlon/registry/tree.h"
#include "merlon/registry_client/client.h"

namespace merlon::registry_client {

/// Told how far a transfer is: bytes of content that are done, and all that there are.
using Progress = std::function<void(std::uint64_t done, std::uint64_t all)>;

struct Published {
  std::size_t sent = 0;   ///< nodes that were not there yet
  std::size_t there = 0;  ///< and those that were
};

/// Puts the tag, then each node in the order that Enarx' client has. What is there already stays,
/// an upload that broke off goes on where it was, and a token that ends meanwhile is renewed.
/// Taken: the tag stands with another tree. `signed_tag` is the tag's JWS (registry/signed_tag.h);
/// empty: it is not signed.
[[nodiscard]] Result<Published> publish(const Client& client, const registry::Slug& slug,
                                        const std::vector<registry::Node>& nodes,
                                        const Progress& progress = {},
                                        const std::string& signed_tag = {});

/// What a tree may be at most: what a keep could be given (files/archive.h).
struct FetchLimits {
  std::uint64_t bytes = files::max_archive_size;
  std::size_t nodes = files::max_archive_entries;
};

/// A node that was checked. `bytes` are a file's content, or a directory's listing.
struct FetchedNode {
  std::string path;  ///< "" for the root, else names with "/" between them
  registry::Meta meta;
  bool is_directory = false;
  std::vector<std::uint8_t> bytes;
};
/// Gets each node behind the directory that it is in. An error ends the fetching.
using Visitor = std::function<Result<void>(FetchedNode node)>;

/// What is wanted of a tree; all of it is checked, as far as it goes.
struct FetchWishes {
  bool listings_only = false;  ///< of files `bytes` is empty
  std::string only{};          ///< this file and the directories above it alone; empty: everything
  FetchLimits limits{};
};

/// The whole tree of a tag, whose entry was fetched. Untrue: a pinned slug and another root, or
/// bytes that are not what their directory or the tag says; Exhausted trees are Unusable.
[[nodiscard]] Result<void> fetch(const Client& client, const registry::Slug& slug,
                                 const TagEntry& tag, const Visitor& visit,
                                 const Progress& progress = {}, const FetchWishes& wishes = {});

}  // namespace merlon::registry_client
