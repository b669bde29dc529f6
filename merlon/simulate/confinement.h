#pragma once

// What the process of a simulated security processor keeps for itself: its channel, standard error,
// memory and random numbers. A guest or a host that takes it over gets no further.

#include "merlon/core/result.h"
#include "merlon/os/fd.h"

namespace merlon::simulate {

/// Once, after the platform was read: no file can be opened any more. The `sources` descriptors
/// behind the channel are files that may be read. Goes on without what the
/// kernel has not; no filter of system calls in a program with a sanitizer, which makes its own.
///
/// Errors: the system's, with the number as detail.
[[nodiscard]] core::Result<void> confine(os::BorrowedFd channel, int sources);

}  // namespace merlon::simulate
