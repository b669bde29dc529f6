#pragma once

// Everything one may do with a path below a directory. Whatever the path says and whatever others
// do to the tree meanwhile, no call reaches anything outside of that directory: `..`, absolute
// paths and symbolic links that lead out give Outside. Paths are attacker-controlled.

#include <cstddef>

#include "merlon/core/bytes.h"
#include "merlon/os/file.h"
#include "merlon/os/path.h"
#include "merlon/os/walk.h"

namespace merlon::os {

enum class Follow : bool { No, Yes };  ///< a symbolic link in the last component

/// How to open. Never waits (for a FIFO's other end, say) and never makes a controlling terminal;
/// so the open file has O_NONBLOCK set.
struct OpenHow {
  Access access = Access::Read;
  Follow follow = Follow::No;
  bool create = false;  ///< with mode 0666 less the umask
  bool exclusive = false;
  bool truncate = false;
  bool directory = false;
  bool append = false;
  bool dsync = false;
  bool sync = false;
};

/// Resolves paths by openat2(2) with RESOLVE_BENEATH, or component by component where the kernel
/// lacks it. Holds nothing but that choice. Not to be shared between threads.
class Resolver {
 public:
  enum class Method : std::uint8_t { Detect, Kernel, Walk };

  explicit Resolver(Method method = Method::Detect) noexcept : method_(method) {}

  /// Closed on exec. Loop when Follow::No meets a link.
  [[nodiscard]] Result<Fd> open(BorrowedFd root, const Path& path, OpenHow how);
  [[nodiscard]] Result<FileStatus> status(BorrowedFd root, const Path& path, Follow follow);
  [[nodiscard]] Result<void> set_times(BorrowedFd root, const Path& path, Follow follow,
                                       TimeChanges changes);

  [[nodiscard]] Result<void> create_directory(BorrowedFd root, const Path& path);
  [[nodiscard]] Result<void> remove_directory(BorrowedFd root, const Path& path);
  [[nodiscard]] Result<void> unlink(BorrowedFd root, const Path& path);
  /// `target` is what the link says; it need not exist and may be Outside when it is followed.
  [[nodiscard]] Result<void> symlink(const Path& target, BorrowedFd root, const Path& path);
  /// How much of the link's text fitted into `into`.
  [[nodiscard]] Result<std::size_t> read_link(BorrowedFd root, const Path& path,
                                              core::ByteSpan into);
  [[nodiscard]] Result<void> rename(BorrowedFd from_root, const Path& from, BorrowedFd to_root,
                                    const Path& to);
  /// Never follows a link in the last component of `from`.
  [[nodiscard]] Result<void> link(BorrowedFd from_root, const Path& from, BorrowedFd to_root,
                                  const Path& to);

 private:
  [[nodiscard]] bool kernel_resolves(BorrowedFd root) noexcept;
  [[nodiscard]] Result<Place> entry(BorrowedFd root, const Path& path);

  Method method_;
};

}  // namespace merlon::os
