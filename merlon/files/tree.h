#pragma once

// Files and directories in this program's own memory: everything that one may do with a path below
// a directory, with the errors that Linux gives. As os::Resolver for a kernel's files: no path
// leaves the directory that it starts from, `..`, absolute paths and symbolic links that lead out
// give Outside. Paths are attacker-controlled; work is bounded by their length, 40 symbolic links
// at most are followed. Not to be shared between threads.

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "merlon/files/archive.h"
#include "merlon/files/node.h"
#include "merlon/os/path.h"
#include "merlon/os/resolver.h"

namespace merlon::files {

/// What makes a tree last beyond this program, if anything does.
class Backing {
 public:
  virtual ~Backing() = default;
  /// Everything that was written so far lasts when this has come back without an error.
  [[nodiscard]] virtual os::Result<void> keep() = 0;
};

class Tree {
 public:
  enum class Access : std::uint8_t { ReadWrite, ReadOnly };
  /// Nanoseconds since 1970.
  using Clock = std::function<std::uint64_t()>;

  /// An empty one. `budget` outlives it and all of its nodes. `device` tells its files from those
  /// of other trees.
  Tree(base::Budget& budget, Clock clock, Access access, std::uint64_t device);

  /// Puts what lies below `directory` of an archive, "" for all of it, at the root. The files
  /// borrow their bytes from the archive. For a new tree. Errors: Noent (no such directory) ·
  /// Notdir · Nospc (the budget).
  [[nodiscard]] os::Result<void> fill(const Archive& archive, std::string_view directory);

  [[nodiscard]] const std::shared_ptr<Directory>& root() const noexcept { return root_; }
  [[nodiscard]] bool is_read_only() const noexcept { return access_ == Access::ReadOnly; }
  /// Another after each change of anything but `accessed`.
  [[nodiscard]] std::uint64_t version() const noexcept { return version_; }
  void set_backing(std::shared_ptr<Backing> backing) noexcept { backing_ = std::move(backing); }
  [[nodiscard]] os::Result<void> keep();

  /// A File, or a Directory if it is only read; what the File held is gone if `how` says so.
  [[nodiscard]] os::Result<std::shared_ptr<Node>> open(Directory& start, const os::Path& path,
                                                       os::OpenHow how);
  [[nodiscard]] os::Result<std::shared_ptr<Node>> find(Directory& start, const os::Path& path,
                                                       os::Follow follow);
  [[nodiscard]] os::Result<void> create_directory(Directory& start, const os::Path& path);
  [[nodiscard]] os::Result<void> remove_directory(Directory& start, const os::Path& path);
  [[nodiscard]] os::Result<void> unlink(Directory& start, const os::Path& path);
  /// `target` is what the link says.
  [[nodiscard]] os::Result<void> symlink(std::string_view target, Directory& start,
                                         const os::Path& path);
  [[nodiscard]] os::Result<void> rename(Directory& from_start, const os::Path& from,
                                        Directory& to_start, const os::Path& to);
  /// Follows no link in the last component of `from`.
  [[nodiscard]] os::Result<void> link(Directory& from_start, const os::Path& from,
                                      Directory& to_start, const os::Path& to);

  /// Errors: those of Content · Rofs.
  [[nodiscard]] os::Result<std::size_t> write(File& file, std::uint64_t offset, os::IoVectors from);
  [[nodiscard]] os::Result<void> resize(File& file, std::uint64_t size);
  [[nodiscard]] os::Result<void> allocate(File& file, std::uint64_t offset, std::uint64_t size);
  [[nodiscard]] os::Result<void> set_times(Node& node, os::TimeChanges changes);
  [[nodiscard]] os::FileStatus status(const Node& node) const noexcept;

  /// For who fills a tree from what was kept of it: past all rules but that a name is there once.
  /// Errors: Exist · Nospc.
  [[nodiscard]] os::Result<std::shared_ptr<Directory>> put_directory(Directory& parent,
                                                                     std::string_view name);
  [[nodiscard]] os::Result<std::shared_ptr<File>> put_file(Directory& parent, std::string_view name,
                                                           SharedBytes owner, core::ByteView bytes);
  [[nodiscard]] os::Result<std::shared_ptr<Link>> put_link(Directory& parent, std::string_view name,
                                                           std::string_view target);
  /// A further name of a file or link that is there.
  [[nodiscard]] os::Result<void> put_name(Directory& parent, std::string_view name,
                                          const std::shared_ptr<Node>& node);
  static void put_times(Node& node, const Times& times) noexcept { node.times_ = times; }

 private:
  /// Where a path leads: a node, or the place where one could be made.
  struct Place {
    std::shared_ptr<Directory> parent;
    std::string name;            ///< empty: the path names `node` by dots only
    std::shared_ptr<Node> node;  ///< null: there is none of this name
    bool must_be_directory = false;
  };
  class Walk;

  [[nodiscard]] os::Result<std::shared_ptr<Node>> put(Directory& parent, std::string_view name,
                                                      const Archive& archive,
                                                      const ArchiveEntry& entry);
  [[nodiscard]] os::Result<void> check_new(const Place& place) const;
  [[nodiscard]] os::Result<std::shared_ptr<Node>> create_file(const Place& place);
  [[nodiscard]] os::Result<void> insert(Directory& parent, std::string_view name,
                                        std::shared_ptr<Node> node);
  [[nodiscard]] static bool is_within(const Directory& directory, const Directory& above) noexcept;
  [[nodiscard]] os::Result<void> move(const Place& from, const Place& to);
  void remove(const Place& place);
  void note_change(Node& node);
  [[nodiscard]] std::uint64_t next_inode() noexcept { return ++last_inode_; }

  base::Budget& budget_;
  Clock clock_;
  Access access_;
  std::uint64_t device_;
  std::uint64_t last_inode_ = 0;
  std::uint64_t version_ = 0;
  std::shared_ptr<Directory> root_;
  std::shared_ptr<Backing> backing_;
};

}  // namespace merlon::files
