#pragma once

// From a launch message's file table to the files a guest holds.

#include "merlon/core/result.h"
#include "merlon/keep/tls_files.h"
#include "merlon/keep/work.h"
#include "merlon/wasi/context.h"

namespace merlon::keep {

/// Puts the files of the launch into `context`, so that entry i is the guest's descriptor i; takes
/// the descriptors out of it. Mounts that are put behind come at 3 or above. Standard streams
/// are the keep's own, or the tenant's by the private talk. `tls` may be null if no file speaks it.
/// An error is a line for the user.
[[nodiscard]] core::Result<void, std::string> give_files(Work& work, const TlsFiles* tls,
                                                         wasi::Context& context);

/// Closes the numbers that are no descriptors by the launch, once all else has its number: up to
/// then they keep others from being given a number that nobody looks at.
[[nodiscard]] core::Result<void, std::string> close_gaps(const launch::Message& message,
                                                         wasi::Context& context);

}  // namespace merlon::keep
