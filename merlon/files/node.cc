#include "merlon/files/node.h"

#include <vector>

namespace merlon::files {

namespace {

/// What an entry takes beside its name, node and places in two lists included (measured: at most
/// 368 with a file, 408 with a directory).
constexpr std::uint64_t entry_cost = 416;

template <typename T>
std::shared_ptr<T> as(const std::shared_ptr<Node>& node, os::FileType type) noexcept {
  if (!node || node->type() != type) return nullptr;
  return std::static_pointer_cast<T>(node);
}

}  // namespace

std::shared_ptr<File> as_file(const std::shared_ptr<Node>& node) noexcept {
  return as<File>(node, os::FileType::Regular);
}
std::shared_ptr<Directory> as_directory(const std::shared_ptr<Node>& node) noexcept {
  return as<Directory>(node, os::FileType::Directory);
}
std::shared_ptr<Link> as_link(const std::shared_ptr<Node>& node) noexcept {
  return as<Link>(node, os::FileType::Symlink);
}

std::shared_ptr<Link> Link::make(base::Budget& budget, std::uint64_t inode, std::uint64_t now,
                                 std::string_view target) {
  if (!budget.take(target.size())) return nullptr;
  return std::shared_ptr<Link>(new Link(budget, inode, now, target));
}

/// Piece by piece: a guest can make directories within each other deeper than a stack is.
Directory::~Directory() {
  std::vector<std::shared_ptr<Node>> going;
  const auto take_from = [&going](Directory& directory) {
    directory.places_.clear();
    while (!directory.entries_.empty()) {
      const auto entry = directory.entries_.begin();
      going.push_back(std::move(entry->second.node));
      directory.budget().give_back(entry_cost + entry->first.size());
      directory.entries_.erase(entry);
    }
  };
  take_from(*this);
  while (!going.empty()) {
    const std::shared_ptr<Node> node = std::move(going.back());
    going.pop_back();
    const auto directory = as_directory(node);
    if (!directory) continue;
    directory->parent_ = nullptr;
    constexpr long ours = 2;  // `node` and `directory`
    if (directory.use_count() == ours) take_from(*directory);
  }
}

std::shared_ptr<Node> Directory::find(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : found->second.node;
}

bool Directory::insert(std::string_view name, std::shared_ptr<Node> node) {
  if (!budget().take(entry_cost + name.size())) return false;
  if (const auto directory = as_directory(node)) directory->parent_ = this;
  ++node->links_;
  const auto made = entries_.emplace(std::string(name), Entry{std::move(node), next_place_}).first;
  places_.emplace(next_place_++, made);
  return true;
}

void Directory::remove(std::string_view name) {
  const auto found = entries_.find(name);
  if (found != entries_.end()) drop(found);
}

void Directory::drop(Entries::iterator entry) {
  Node& node = *entry->second.node;
  --node.links_;
  if (const auto directory = as_directory(entry->second.node)) directory->parent_ = nullptr;
  budget().give_back(entry_cost + entry->first.size());
  places_.erase(entry->second.place);
  entries_.erase(entry);
}

std::optional<DirectoryEntry> Directory::at(std::uint64_t place) const {
  using Type = os::FileType;
  if (place == 0) return DirectoryEntry{".", inode(), Type::Directory, 1};
  if (place == 1) {
    return DirectoryEntry{"..", parent_ == nullptr ? inode() : parent_->inode(), Type::Directory,
                          2};
  }
  const auto found = places_.lower_bound(place);
  if (found == places_.end()) return std::nullopt;
  const auto& [name, entry] = *found->second;
  return DirectoryEntry{name, entry.node->inode(), entry.node->type(), found->first + 1};
}

}  // namespace merlon::files
