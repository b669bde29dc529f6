#pragma once

// What a tree is made of. A node lives as long as anybody has it open, also when no name leads to
// it any more.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "merlon/files/content.h"

namespace merlon::files {

class Directory;
class File;

/// Nanoseconds since 1970. Reading a file does not change `accessed`.
struct Times {
  std::uint64_t accessed = 0;
  std::uint64_t modified = 0;
  std::uint64_t changed = 0;
  bool operator==(const Times&) const = default;
};

class Node : public std::enable_shared_from_this<Node> {
 public:
  virtual ~Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  [[nodiscard]] virtual os::FileType type() const noexcept = 0;
  [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;

  /// One of its own in its tree, never used again.
  [[nodiscard]] std::uint64_t inode() const noexcept { return inode_; }
  /// How many names lead to it.
  [[nodiscard]] std::uint64_t links() const noexcept { return links_; }
  [[nodiscard]] const Times& times() const noexcept { return times_; }

 protected:
  Node(base::Budget& budget, std::uint64_t inode, std::uint64_t now) noexcept
      : budget_(budget), inode_(inode), times_{now, now, now} {}
  [[nodiscard]] base::Budget& budget() const noexcept { return budget_; }

 private:
  friend class Tree;
  friend class Directory;

  base::Budget& budget_;
  std::uint64_t inode_;
  std::uint64_t links_ = 0;
  Times times_;
};

class File final : public Node {
 public:
  File(base::Budget& budget, std::uint64_t inode, std::uint64_t now) noexcept
      : Node(budget, inode, now), content_(budget) {}
  File(base::Budget& budget, std::uint64_t inode, std::uint64_t now, SharedBytes owner,
       core::ByteView bytes) noexcept
      : Node(budget, inode, now), content_(budget, std::move(owner), bytes) {}

  [[nodiscard]] os::FileType type() const noexcept override { return os::FileType::Regular; }
  [[nodiscard]] std::uint64_t size() const noexcept override { return content_.size(); }
  [[nodiscard]] const Content& content() const noexcept { return content_; }
  /// Another after each change of its bytes.
  [[nodiscard]] std::uint64_t version() const noexcept { return version_; }

 private:
  friend class Tree;

  Content content_;
  std::uint64_t version_ = 0;
};

class Link final : public Node {
 public:
  /// Null without room for what it says.
  [[nodiscard]] static std::shared_ptr<Link> make(base::Budget& budget, std::uint64_t inode,
                                                  std::uint64_t now, std::string_view target);
  ~Link() override { budget().give_back(target_.size()); }

  [[nodiscard]] os::FileType type() const noexcept override { return os::FileType::Symlink; }
  [[nodiscard]] std::uint64_t size() const noexcept override { return target_.size(); }
  [[nodiscard]] const std::string& target() const noexcept { return target_; }

 private:
  Link(base::Budget& budget, std::uint64_t inode, std::uint64_t now, std::string_view target)
      : Node(budget, inode, now), target_(target) {}

  std::string target_;
};

/// An entry as a listing tells it; the name is good until the directory changes.
struct DirectoryEntry {
  std::string_view name;
  std::uint64_t inode = 0;
  os::FileType type = os::FileType::Unknown;
  std::uint64_t next = 0;  ///< the place behind it
};

class Directory final : public Node {
 public:
  Directory(base::Budget& budget, std::uint64_t inode, std::uint64_t now) noexcept
      : Node(budget, inode, now) {}
  ~Directory() override;

  [[nodiscard]] os::FileType type() const noexcept override { return os::FileType::Directory; }
  [[nodiscard]] std::uint64_t size() const noexcept override { return entries_.size(); }

  /// Null if there is none of this name.
  [[nodiscard]] std::shared_ptr<Node> find(std::string_view name) const;
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  /// The entry at a place, 0 for the first; nothing at the end. Places stay what they are while
  /// entries come and go. "." and ".." are the first.
  [[nodiscard]] std::optional<DirectoryEntry> at(std::uint64_t place) const;
  /// No name leads to it, and nothing can be made in it.
  [[nodiscard]] bool is_removed() const noexcept { return removed_; }

 private:
  friend class Tree;

  struct Entry {
    std::shared_ptr<Node> node;
    std::uint64_t place = 0;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  [[nodiscard]] bool insert(std::string_view name, std::shared_ptr<Node> node);
  void remove(std::string_view name);
  void drop(Entries::iterator entry);

  Entries entries_;
  std::map<std::uint64_t, Entries::iterator> places_;
  std::uint64_t next_place_ = 2;  // behind "." and ".."
  Directory* parent_ = nullptr;   // none: the root, or removed
  bool removed_ = false;
};

/// A node as what it is, or null.
[[nodiscard]] std::shared_ptr<File> as_file(const std::shared_ptr<Node>& node) noexcept;
[[nodiscard]] std::shared_ptr<Directory> as_directory(const std::shared_ptr<Node>& node) noexcept;
[[nodiscard]] std::shared_ptr<Link> as_link(const std::shared_ptr<Node>& node) noexcept;

}  // namespace merlon::files
