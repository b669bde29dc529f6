#pragma once

// From a launch message's file table to the files a guest holds.

#include "merlon/core/result.h"
#include "merlon/launch/channel.h"
#include "merlon/wasi/context.h"

namespace merlon::keep {

/// Puts the files of `launch` into `context`, so that entry i is the guest's descriptor i; takes
/// the descriptors out of it. Errors: Malformed or Internal (what came is not what the message
/// says) · Exhausted.
[[nodiscard]] core::Result<void> give_files(launch::Launch& launch, wasi::Context& context);

}  // namespace merlon::keep
