#include "merlon/net/wait.h"

#include <array>

#include "merlon/os/clock.h"

namespace merlon::net {

bool wait(const Stream& stream, Side side, std::uint64_t deadline) {
  const auto now = os::now(os::Clock::Monotonic);
  if (!now || *now >= deadline) return false;
  std::array items{os::PollItem{stream.descriptor().number(), stream.awaits(side), 0}};
  const auto left = std::chrono::nanoseconds(static_cast<std::int64_t>(deadline - *now));
  const auto ready = os::poll(items, left);
  return !ready || *ready > 0;  // interrupted: look again
}

std::uint64_t deadline_after(std::uint64_t nanoseconds) {
  const auto now = os::now(os::Clock::Monotonic);
  return now ? *now + nanoseconds : 0;
}

}  // namespace merlon::net
