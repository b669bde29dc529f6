#pragma once

// A FIFO with a name as a door: one process waits behind it until another one knocks.

#include <string>

#include "merlon/os/fd.h"

namespace merlon::os {

/// Only this user can use it. Exist if anything is there.
[[nodiscard]] Result<void> make_fifo(const std::string& path) noexcept;
/// For whoever waits; does not wait itself.
[[nodiscard]] Result<Fd> open_fifo(const std::string& path) noexcept;
/// Waits for a knock. Intr when a signal came.
[[nodiscard]] Result<void> wait_at(BorrowedFd fifo) noexcept;
/// Never waits. Nxio: nobody is behind it. Noent: it is gone.
[[nodiscard]] Result<void> knock(const std::string& path) noexcept;

}  // namespace merlon::os
