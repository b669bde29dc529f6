#include "merlon/wasi/clock_source.h"

#include "merlon/os/clock.h"

namespace merlon::wasi {
namespace {

os::Clock kernel_clock(ClockId clock) noexcept {
  switch (clock) {
    case ClockId::Realtime: return os::Clock::Realtime;
    case ClockId::Monotonic: return os::Clock::Monotonic;
    case ClockId::ProcessCputimeId: return os::Clock::ProcessCpu;
    case ClockId::ThreadCputimeId: return os::Clock::ThreadCpu;
  }
  return os::Clock::Monotonic;
}

}  // namespace

Result<Timestamp> SystemClocks::now(ClockId clock) { return from_os(os::now(kernel_clock(clock))); }

Result<Timestamp> SystemClocks::resolution(ClockId clock) {
  return from_os(os::resolution(kernel_clock(clock)));
}

}  // namespace merlon::wasi
