#pragma once

// The kernel's random bytes, fit for keys.

#include "merlon/core/bytes.h"
#include "merlon/os/errno.h"

namespace merlon::os {

/// Fills all of `into`; waits only until the kernel's generator is seeded, once after boot.
[[nodiscard]] Result<void> fill_random(core::ByteSpan into) noexcept;

}  // namespace merlon::os
