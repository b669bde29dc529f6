#pragma once

// Times and sizes as users write them.

#include <chrono>
#include <cstdint>
#include <string_view>

#include "merlon/core/result.h"

namespace merlon::base {

/// "1.5s", "200ms", "2m", "1h", "10us", "5" (seconds). More than zero, at most 100 years.
///
/// Errors: Malformed · Exhausted (too long).
[[nodiscard]] core::Result<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// "65536", "64K", "512M", "4G", also with "iB" or "B" behind the letter: bytes, in powers of 1024.
///
/// Errors: Malformed · Exhausted (more than 2^63).
[[nodiscard]] core::Result<std::uint64_t> parse_size(std::string_view text);

/// "65.5 KiB"; exact below 1 KiB ("17 B").
[[nodiscard]] std::string format_size(std::uint64_t bytes);

}  // namespace merlon::base
