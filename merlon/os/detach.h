#pragma once

// A process that outlives who started it.

#include "merlon/os/fd.h"

namespace merlon::os {

/// Comes back in a new process that has no parent to wait for it, no terminal and a group of its
/// own; the one that called ends with status 0. In a program with one thread. Again · Nomem.
[[nodiscard]] Result<void> detach() noexcept;

/// The standard stream `number` is `file` from now on.
[[nodiscard]] Result<void> put_in_place_of(int number, BorrowedFd file) noexcept;

}  // namespace merlon::os
