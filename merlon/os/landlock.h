#pragma once

// Landlock: a process takes from itself the right to open files but below a few directories
// [LANDLOCK, docs/specs.md].

#include <span>

#include "merlon/os/fd.h"

namespace merlon::os {

/// A directory whose files may still be opened, and whether they may be changed.
struct AllowedTree {
  BorrowedFd directory;
  bool writable;
};

/// The version of the kernel's Landlock, 1 or more.
///
/// Errors: Nosys (Linux before 5.13) · Notsup (built in, but not switched on at boot).
[[nodiscard]] Result<int> landlock_version() noexcept;

/// Under version 1 no file can be moved to another directory, not even within an allowed tree.
inline constexpr int first_landlock_with_moves = 2;

/// From now on this thread, and what it starts, opens, creates, moves and removes files only in
/// `trees`, executes none, makes no device, and, where `version` knows of them, binds and connects
/// no TCP socket and reaches no abstract socket and no process outside. Descriptors that are open
/// already stay as they are. Cannot be undone. What Landlock does not know of at all: reading a
/// file's status, mode, times and owner.
[[nodiscard]] Result<void> confine_files(int version, std::span<const AllowedTree> trees) noexcept;

}  // namespace merlon::os
