#pragma once

// What merlon-store keeps for itself before a keep asks it for anything: the channel, the volume's
// folder, memory. Whoever takes it over gets no further than the sealed files that are there.

#include <optional>

#include "merlon/core/result.h"
#include "merlon/os/fd.h"

namespace merlon::host::store {

/// Once; without a folder no file can be opened at all. Goes on without what the kernel has not; no
/// filter of system calls in a program with a sanitizer, which makes its own.
///
/// Errors: the system's, with the number as detail.
[[nodiscard]] core::Result<void> confine(os::BorrowedFd channel,
                                         std::optional<os::BorrowedFd> folder);

}  // namespace merlon::host::store
