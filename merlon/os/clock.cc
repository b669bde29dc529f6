#include "merlon/os/clock.h"

#include <algorithm>
#include <ctime>

namespace merlon::os {
namespace {

::clockid_t kernel_clock(Clock clock) noexcept {
  switch (clock) {
    case Clock::Realtime: return CLOCK_REALTIME;
    case Clock::Monotonic: return CLOCK_MONOTONIC;
    case Clock::ProcessCpu: return CLOCK_PROCESS_CPUTIME_ID;
    case Clock::ThreadCpu: return CLOCK_THREAD_CPUTIME_ID;
  }
  return CLOCK_MONOTONIC;
}

std::uint64_t nanoseconds_of(const ::timespec& time) noexcept {
  if (time.tv_sec < 0) return 0;
  return (static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U) +
         static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace

Result<std::uint64_t> now(Clock clock) noexcept {
  ::timespec time{};
  if (::clock_gettime(kernel_clock(clock), &time) < 0) return last_errno();
  return nanoseconds_of(time);
}

Result<std::uint64_t> resolution(Clock clock) noexcept {
  ::timespec time{};
  if (::clock_getres(kernel_clock(clock), &time) < 0) return last_errno();
  return std::max<std::uint64_t>(nanoseconds_of(time), 1);
}

}  // namespace merlon::os
