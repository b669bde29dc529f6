#pragma once

// What gzip has compressed [RFC1952; RFC1951], made whole again. Attacker-controlled; time and
// memory are linear in what comes and in `most`. Pure.

#include <cstdint>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"

namespace merlon::codec {

/// All members, one after the other, with their sizes and CRC-32 checked.
///
/// Errors: Malformed (what it is, with the offset) · Exhausted (more than `most` bytes).
[[nodiscard]] core::Result<std::vector<std::uint8_t>> gunzip(core::ByteView bytes,
                                                             std::size_t most);

}  // namespace merlon::codec
