#pragma once

// How fast the processor's counter (TSC) runs, for the keep's clock: the processor's own word,
// where it agrees with what the counter did meanwhile. Pure.

#include <cstdint>

#include "merlon/base/cpuid.h"

namespace merlon::host::sgx {

/// The counter, and the monotonic clock at the same moment in nanoseconds.
struct CounterReading {
  std::uint64_t ticks = 0;
  std::uint64_t nanoseconds = 0;
};

/// CPUID leaf 0x15: ratio to a crystal, and its frequency [INTEL 2A CPUID].
inline constexpr std::uint32_t counter_leaf = 0x15;

/// Of a processor that has `leaf` (zeros if it has none) and a counter that never stops or changes
/// (CPUID leaf 0x8000'0007). In kHz; 0 if the processor does not say, or something else than the
/// two readings, at least a millisecond apart, do within a 64th. Then the keep asks its host each
/// time: a measured frequency alone would be wrong by seconds each day.
[[nodiscard]] std::uint64_t counter_khz(const base::CpuidRegisters& leaf, CounterReading before,
                                        CounterReading after) noexcept;

}  // namespace merlon::host::sgx
