#pragma once

// The kernel's clocks, in nanoseconds. Realtime and Monotonic come from the vDSO: no system call.

#include <cstdint>

#include "merlon/os/errno.h"

namespace merlon::os {

enum class Clock : std::uint8_t { Realtime, Monotonic, ProcessCpu, ThreadCpu };

/// Since 1970 for Realtime (0 for anything before), since some fixed point for the others.
[[nodiscard]] Result<std::uint64_t> now(Clock clock) noexcept;
/// Never 0.
[[nodiscard]] Result<std::uint64_t> resolution(Clock clock) noexcept;

}  // namespace merlon::os
