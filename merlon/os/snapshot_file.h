#pragma once

// Files without a name that many processes begin from: written once, then nobody's to change.

#include "merlon/os/fd.h"

namespace merlon::os {

/// An empty one, for reading and writing.
[[nodiscard]] Result<Fd> snapshot_file() noexcept;

/// From now on it can be neither written nor cut. Busy: somebody has it mapped for writing.
[[nodiscard]] Result<void> seal(BorrowedFd file) noexcept;

/// The same file with a place of its own to read from, at its beginning.
[[nodiscard]] Result<Fd> reopen_for_reading(BorrowedFd file) noexcept;

}  // namespace merlon::os
