#pragma once

// Randomness beside the kernel's.

#include "merlon/core/bytes.h"

namespace merlon::crypto {

/// Mixes `bytes` into the generator from which keys are made, beside what it has from the kernel or
/// a shim. They count as no randomness at all: known ones do no harm, and unknown ones protect keys
/// from a source that failed unnoticed. False if the library fails.
[[nodiscard]] bool stir(core::ByteView bytes) noexcept;

}  // namespace merlon::crypto
