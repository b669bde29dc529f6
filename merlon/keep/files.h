#pragma once

// From a launch message's file table to the files a guest holds.

#include "merlon/core/result.h"
#include "merlon/keep/tls_files.h"
#include "merlon/launch/channel.h"
#include "merlon/wasi/context.h"

namespace merlon::keep {

/// Puts the files of `launch` into `context`, so that entry i is the guest's descriptor i; takes
/// the descriptors out of it. `tls` may be null if no file speaks it. An error is a line for the
/// user.
[[nodiscard]] core::Result<void, std::string> give_files(launch::Launch& launch,
                                                         const TlsFiles* tls,
                                                         wasi::Context& context);

}  // namespace merlon::keep
