// The keep's clock without a trip into the shim: one page of code that the launcher maps into the
// keep, where its C library finds it [LINUX vdso(7)]. The page behind it holds a LentClock.

#include "merlon/shim/linux/abi.h"
#include "merlon/shim/linux/lent_clock.h"

namespace merlon::shim::vdso {

namespace abi = linux::abi;
using linux::LentClock;

extern "C" {
[[gnu::visibility("hidden")]] extern LentClock lent_clock;  // vdso.ld says where
// SAFETY: the name that libcs look up in a vDSO; asm gives no code.
[[gnu::visibility("default")]] long lent_clock_gettime(long clock, abi::TimeSpec* time) noexcept
    asm("__vdso_clock_gettime");
/// clock_gettime(2) of the shim, which checks where `time` points to; entry.S.
[[gnu::visibility("hidden")]] long ask_shim(long clock, abi::TimeSpec* time) noexcept;
}

namespace {

constexpr std::uint64_t second = 1'000'000'000;

}  // namespace

long lent_clock_gettime(long clock, abi::TimeSpec* time) noexcept {
  const bool real = clock == abi::clock_realtime;
  const sallyport::HostTime& host = lent_clock.host;
  if (host.tsc_khz == 0 || (!real && clock != abi::clock_monotonic)) return ask_shim(clock, time);
  const std::uint64_t now = (real ? host.realtime_base : host.monotonic_base) +
                            linux::nanoseconds_since_base(host, lent_clock.latest);
  *time = {static_cast<std::int64_t>(now / second), static_cast<std::int64_t>(now % second)};
  return 0;
}

}  // namespace merlon::shim::vdso
