#pragma once

// Calls on an open file. Thin: one system call each unless said otherwise; interrupted calls give
// Intr, since only the caller knows whether to go on. Offsets and sizes are in bytes. Writing to a
// pipe or socket whose reader is gone raises SIGPIPE unless the program ignores it, as ours do.

#include <cstddef>
#include <cstdint>
#include <span>

#include <sys/uio.h>

#include "merlon/os/fd.h"

namespace merlon::os {

using IoVectors = std::span<const ::iovec>;

enum class FileType : std::uint8_t {
  Unknown,
  BlockDevice,
  CharacterDevice,
  Directory,
  Regular,
  Symlink,
  Fifo,
  Socket,
};

/// What stat(2) says. Times are nanoseconds since 1970, and 0 for anything before.
struct FileStatus {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  FileType type = FileType::Unknown;
  std::uint64_t links = 0;
  std::uint64_t size = 0;
  std::uint64_t accessed = 0;
  std::uint64_t modified = 0;
  std::uint64_t changed = 0;
};

/// What to do with one time stamp of a file.
struct TimeChange {
  enum class Kind : std::uint8_t { Keep, Now, Set };
  Kind kind = Kind::Keep;
  std::uint64_t nanoseconds = 0;  ///< since 1970; for Set only
};

struct TimeChanges {
  TimeChange accessed;
  TimeChange modified;
};

enum class Access : std::uint8_t { Read, Write, ReadWrite, PathOnly };
enum class Whence : std::uint8_t { Set, Current, End };
enum class Advice : std::uint8_t { Normal, Sequential, Random, WillNeed, DontNeed, NoReuse };

/// What fcntl(F_GETFL) says of an open file.
struct OpenFlags {
  Access access = Access::Read;
  bool append = false;
  bool nonblock = false;
  bool dsync = false;
  bool sync = false;
};

/// At the file's own position. Zero bytes read = end of file.
[[nodiscard]] Result<std::size_t> read(BorrowedFd fd, IoVectors into) noexcept;
[[nodiscard]] Result<std::size_t> write(BorrowedFd fd, IoVectors from) noexcept;

/// At `offset`, leaving the position alone. Spipe when the file has no positions.
[[nodiscard]] Result<std::size_t> read_at(BorrowedFd fd, IoVectors into,
                                          std::uint64_t offset) noexcept;
[[nodiscard]] Result<std::size_t> write_at(BorrowedFd fd, IoVectors from,
                                           std::uint64_t offset) noexcept;

/// As read() and write(), but Again where they would wait, whatever the open file's own flags are.
/// Notsup when this kind of file cannot do that on this kernel (pipes before Linux 6.4, terminals).
[[nodiscard]] Result<std::size_t> read_no_wait(BorrowedFd fd, IoVectors into) noexcept;
[[nodiscard]] Result<std::size_t> write_no_wait(BorrowedFd fd, IoVectors from) noexcept;

/// The new position.
[[nodiscard]] Result<std::uint64_t> seek(BorrowedFd fd, std::int64_t offset,
                                         Whence whence) noexcept;

[[nodiscard]] Result<void> sync(BorrowedFd fd) noexcept;
[[nodiscard]] Result<void> sync_data(BorrowedFd fd) noexcept;
[[nodiscard]] Result<void> allocate(BorrowedFd fd, std::uint64_t offset,
                                    std::uint64_t size) noexcept;
[[nodiscard]] Result<void> advise(BorrowedFd fd, std::uint64_t offset, std::uint64_t size,
                                  Advice advice) noexcept;
[[nodiscard]] Result<void> resize(BorrowedFd fd, std::uint64_t size) noexcept;
[[nodiscard]] Result<FileStatus> status(BorrowedFd fd) noexcept;
[[nodiscard]] Result<void> set_times(BorrowedFd fd, TimeChanges changes) noexcept;

[[nodiscard]] Result<OpenFlags> open_flags(BorrowedFd fd) noexcept;
/// Two system calls. Changes the open file, which other processes may share.
[[nodiscard]] Result<void> set_append(BorrowedFd fd, bool on) noexcept;
[[nodiscard]] Result<void> set_nonblock(BorrowedFd fd, bool on) noexcept;

/// Takes the file for this descriptor alone, among all that lock it; held until the last descriptor
/// of this open file is closed. Again where another has it.
[[nodiscard]] Result<void> try_lock(BorrowedFd fd) noexcept;
/// The same, but waits for it.
[[nodiscard]] Result<void> lock(BorrowedFd fd) noexcept;

/// How many bytes a read would find at once in a pipe, terminal or socket.
[[nodiscard]] Result<std::uint64_t> readable_bytes(BorrowedFd fd) noexcept;
[[nodiscard]] bool is_terminal(BorrowedFd fd) noexcept;

}  // namespace merlon::os
