#pragma once

// The clock that the shim and the code it lends the keep have in common: the processor's counter,
// from a base that the host told.

#include <cstddef>
#include <cstdint>

#include "merlon/sallyport/boot.h"

namespace merlon::shim::linux {

/// The page behind the vdso. The keep's own, which may write what it likes there: it is the only
/// one who reads it.
struct LentClock {
  sallyport::HostTime host;
  std::uint64_t latest;
};
/// What stands there: the clock, and where a call of lent_system_call goes; 0: it is the
/// instruction.
struct LentPage {
  LentClock clock;
  std::uint64_t entry;
};
static_assert(offsetof(LentPage, entry) == 40, "vdso.ld counts on it");

[[nodiscard]] inline std::uint64_t read_tsc() noexcept {
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  // SAFETY: reads a counter; user code may as well.
  asm volatile("rdtsc" : "=a"(low), "=d"(high));
  return (std::uint64_t{high} << 32U) | low;
}

/// Since `host`'s base, whose tsc_khz is not 0; never less than before, which `latest` remembers.
[[nodiscard]] inline std::uint64_t nanoseconds_since_base(const sallyport::HostTime& host,
                                                          std::uint64_t& latest) noexcept {
  const std::uint64_t ticks = read_tsc() - host.tsc_base;
  constexpr std::uint64_t per_khz = 1'000'000;
  // In parts, since the product of all would not fit.
  const std::uint64_t now =
      ticks / host.tsc_khz * per_khz + ticks % host.tsc_khz * per_khz / host.tsc_khz;
  if (now > latest && now < (std::uint64_t{1} << 62U)) latest = now;
  return latest;
}

}  // namespace merlon::shim::linux
