#pragma once

// Random bytes for keys and names, from the generator that stir() has a part in.

#include "merlon/core/bytes.h"

namespace merlon::crypto {

/// Fills all of `into` with bytes that nobody can guess. False if the library has none.
[[nodiscard]] bool fill_random(core::ByteSpan into) noexcept;

}  // namespace merlon::crypto
