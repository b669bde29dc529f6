#pragma once

// Files by a path that the user of this machine named: absolute, or from the working directory.
// Never for a path that a workload named; that is Resolver's.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/os/fd.h"

namespace merlon::os {

/// For reading, closed on exec; never waits. Isdir, IsFifo, IsDevice or IsSocket for what is no
/// regular file. But what a caller handed us open and names as such (/dev/stdin, /dev/fd/N) may
/// also be a pipe, a socket or a terminal; only reading those may wait.
[[nodiscard]] Result<Fd> open_file(const std::string& path) noexcept;

/// A directory, closed on exec; for reading its entries and as the root of a Resolver.
[[nodiscard]] Result<Fd> open_directory(const std::string& path) noexcept;

/// A new directory that only this user may enter: mode 0700 less the umask. Exist if anything is
/// there.
[[nodiscard]] Result<void> make_private_directory(const std::string& path) noexcept;

/// Whether nobody but this user and root can put something else in the place of what is in it: a
/// directory, no link, of one of them, to which others do not write or where they may not remove
/// what is not theirs.
[[nodiscard]] Result<bool> is_guarded_directory(const std::string& path) noexcept;

/// The same with what is missing above it, and what is there already will do. When this returns all
/// of them are found again after a crash of the machine, and so is what is synced in them, as far
/// as the directories above may be read. Notdir: a file is in the way.
[[nodiscard]] Result<void> make_lasting_directory(std::string_view path);

/// A device, for reading and writing, closed on exec; never waits for it to become ready.
[[nodiscard]] Result<Fd> open_device(const std::string& path) noexcept;

/// Whether there is anything by this name that this user can see.
[[nodiscard]] bool exists(const std::string& path) noexcept;

/// A regular file in a directory that is open; `name` is one of ours, not a workload's. Errors as
/// above.
[[nodiscard]] Result<Fd> open_file_in(BorrowedFd directory, const char* name) noexcept;

/// A file that did not exist before, for writing, mode 0666 less the umask. Exist otherwise.
[[nodiscard]] Result<Fd> create_file(const std::string& path) noexcept;

/// The same for what only this user may see: mode 0600 less the umask.
[[nodiscard]] Result<Fd> create_private_file(const std::string& path) noexcept;

/// A regular file for reading, and for writing at its end alone; made with mode 0600 less the umask
/// if there is none. Follows no symbolic link.
[[nodiscard]] Result<Fd> open_record(const std::string& path) noexcept;

/// Puts a file with these bytes in the place of `path` as one step: whoever opens it finds all of
/// the old or all of the new, after a crash of the machine too. Mode 0600 less the umask. What is
/// written first is called `path`.new, so that only one may do this at a time.
[[nodiscard]] Result<void> replace_file(const std::string& path, core::ByteView bytes) noexcept;

/// Writes `bytes` into `path` by one call, as the kernel's own files want it: its reason is the
/// error. Elsewhere than in /proc, /sys and the like a file is made, or loses what it held. Follows
/// no symbolic link in the last place.
[[nodiscard]] Result<void> write_setting(const std::string& path, core::ByteView bytes) noexcept;

/// Brings the names in the directory of `path` to the disk: a file that was made is found again
/// after a crash of the machine only then.
[[nodiscard]] Result<void> sync_directory_of(const std::string& path) noexcept;

/// A file of these bytes that has no name and cannot be changed any more, for whoever it is handed
/// to; `name` is what /proc shows of it.
[[nodiscard]] Result<Fd> memory_file(const char* name, core::ByteView bytes) noexcept;

/// Everything up to the end of the file. Fbig if that, or the size that a regular file tells, is
/// more than `max_size` bytes; never reads more than one byte beyond. Waits where it must, whatever
/// the file's own flags are; Again of one whose limit (limit_waiting()) is over.
[[nodiscard]] Result<std::vector<std::uint8_t>> read_all(BorrowedFd fd, std::size_t max_size);

/// All of `bytes`, going on after interruptions and short writes; waits likewise. Again: a socket
/// that has a limit (limit_waiting()) took nothing for twice as long.
[[nodiscard]] Result<void> write_all(BorrowedFd fd, core::ByteView bytes) noexcept;

/// Allows this process as many open files as its user may have: for programs with many connections.
/// Gives how many that is.
[[nodiscard]] Result<std::uint64_t> allow_open_files() noexcept;

/// The path of the running program.
[[nodiscard]] Result<std::string> own_program();

/// Makes descriptors 0, 1 and 2 exist, so that no file opened later can pass for a standard stream.
/// One that was closed can be neither read nor written (Badf) afterwards either.
[[nodiscard]] Result<void> hold_standard_streams() noexcept;

}  // namespace merlon::os
