#pragma once

// A container whose workload comes sealed from a tenant: its init process becomes a program of its
// own, since merlon-oci is started often and needs no cryptography.

#include "merlon/container/init.h"
#include "merlon/os/fd.h"

namespace merlon::container {

/// The door of the annotations, in the network that this process has.
[[nodiscard]] Checked<os::Fd> open_tenants_door(const Asked& asked);

/// Becomes merlon-door, which waits behind it. Comes back only if it cannot, with why.
[[nodiscard]] Refusal become_door(const InitOrder& order, os::BorrowedFd door);

}  // namespace merlon::container
