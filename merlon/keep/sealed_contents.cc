#include "merlon/keep/sealed_contents.h"

#include <map>

namespace merlon::keep {

using sealed::Entry;

namespace {

sealed::Times times_of(const files::Node& node) noexcept {
  const files::Times& times = node.times();
  return {times.accessed, times.modified, times.changed};
}

/// What it is, but for its place.
Entry entry_of(const files::Node& node) {
  Entry entry;
  entry.times = times_of(node);
  if (node.type() == os::FileType::Regular) {
    entry.kind = Entry::Kind::File;
    entry.size = node.size();
  }
  if (node.type() == os::FileType::Symlink) {
    entry.kind = Entry::Kind::Link;
    entry.target = static_cast<const files::Link&>(node).target();
  }
  return entry;
}

sealed::FileSource source_of(std::shared_ptr<files::File> file) {
  sealed::FileSource source;
  source.file = file->inode();
  source.version = file->version();
  source.read = [file = std::move(file)](std::uint64_t offset, core::ByteSpan into) {
    static_cast<void>(file->content().read(offset, into));
  };
  return source;
}

/// Goes through a tree, directory by directory: they may lie deeper in each other than a stack is.
class Lister {
 public:
  sealed::Contents list(const files::Tree& tree) {
    add(tree.root(), 0, "");
    for (std::size_t next = 0; next < directories_.size(); ++next) {
      const auto [directory, number] = directories_[next];
      std::uint64_t place = 2;  // behind "." and ".."
      while (const auto found = directory->at(place)) {
        place = found->next;
        add(directory->find(found->name), number, found->name);
      }
    }
    return std::move(contents_);
  }

 private:
  void add(const std::shared_ptr<files::Node>& node, std::uint32_t parent, std::string_view name) {
    const auto number = static_cast<std::uint32_t>(contents_.entries.size());
    const auto [known, is_new] = numbers_.emplace(node->inode(), number);
    Entry entry = entry_of(*node);
    if (!is_new) {
      entry = Entry();
      entry.kind = Entry::Kind::Name;
      entry.of = known->second;
    }
    entry.parent = parent;
    entry.name = name;
    contents_.entries.push_back(std::move(entry));
    auto file = is_new ? files::as_file(node) : nullptr;
    contents_.sources.push_back(file ? source_of(std::move(file)) : sealed::FileSource());
    if (auto directory = files::as_directory(node)) directories_.emplace_back(directory, number);
  }

  sealed::Contents contents_;
  std::map<std::uint64_t, std::uint32_t> numbers_;  // by inode
  std::vector<std::pair<std::shared_ptr<files::Directory>, std::uint32_t>> directories_;
};

}  // namespace

sealed::Contents contents_of(const files::Tree& tree) { return Lister().list(tree); }

os::Result<void> fill_tree(files::Tree& tree, const std::vector<Entry>& entries,
                           const std::vector<sealed::FileBytes>& bytes) {
  std::vector<std::shared_ptr<files::Node>> nodes{tree.root()};
  for (std::size_t i = 1; i < entries.size(); ++i) {
    const Entry& entry = entries[i];
    const auto parent = entry.parent < i ? files::as_directory(nodes[entry.parent]) : nullptr;
    if (!parent) return os::Errno::Io;
    std::shared_ptr<files::Node> node;
    switch (entry.kind) {
      case Entry::Kind::Directory: node = TRY(tree.put_directory(*parent, entry.name)); break;
      case Entry::Kind::File:
        node = TRY(tree.put_file(*parent, entry.name, bytes[i], *bytes[i]));
        break;
      case Entry::Kind::Link: node = TRY(tree.put_link(*parent, entry.name, entry.target)); break;
      case Entry::Kind::Name:
        node = entry.of < i ? nodes[entry.of] : nullptr;
        if (!node || files::as_directory(node)) return os::Errno::Io;
        TRY(tree.put_name(*parent, entry.name, node));
        break;
    }
    if (entry.kind != Entry::Kind::Name) {
      files::Tree::put_times(*node,
                             {entry.times.accessed, entry.times.modified, entry.times.changed});
    }
    nodes.push_back(std::move(node));
  }
  const sealed::Times& top = entries.front().times;
  if (top != sealed::Times()) {
    files::Tree::put_times(*tree.root(), {top.accessed, top.modified, top.changed});
  }
  return {};
}

}  // namespace merlon::keep
