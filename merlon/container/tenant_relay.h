#pragma once

// Carries what a tenant and his keep say to each other, which nobody here can read.

#include "merlon/host/keep.h"
#include "merlon/os/fd.h"

namespace merlon::container {

/// Until the keep has said its last and that is on its way, for which there are five seconds. A
/// tenant who is gone takes the keep with him, unless he `leaves`: then nobody hears what it says.
/// Ends it by a signal, and does not wait for its end.
void carry_talk(os::BorrowedFd tenant, os::BorrowedFd channel, const host::Keep& keep, bool leaves);

}  // namespace merlon::container
