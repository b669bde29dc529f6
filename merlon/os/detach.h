#pragma once

// A process that outlives who started it.

#include "merlon/os/fd.h"

namespace merlon::os {

/// Comes back in a new process that has no parent to wait for it, no terminal and a group of its
/// own; the one that called ends with status 0. In a program with one thread. Again · Nomem.
[[nodiscard]] Result<void> detach() noexcept;

/// From now on this process, and what it starts, has no terminal of its own: reading from one that
/// it was given stops nobody.
void leave_terminal() noexcept;

/// The standard stream `number` is `file` from now on.
[[nodiscard]] Result<void> put_in_place_of(int number, BorrowedFd file) noexcept;

}  // namespace merlon::os
