#include "merlon/host/time_limit.h"

#include <algorithm>
#include <utility>

#include "merlon/launch/exit_status.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"

namespace merlon::host {

namespace {

/// In a signal handler: the keep ends with this process.
void time_is_over(void* /*nothing*/) noexcept {
  static_cast<void>(
      os::write_all(os::BorrowedFd(2), core::as_bytes("merlon: the time limit is over\n")));
  os::end_process(launch::number(launch::ExitStatus::TimeLimit));
}

}  // namespace

bool TimeLimit::limit(std::chrono::nanoseconds limit) {
  is_limited_ = start(limit, {});
  return is_limited_;
}

bool TimeLimit::set_timer(std::uint64_t first, std::uint64_t interval) {
  if (is_limited_) return true;
  timer_.reset();
  if (first == 0) return true;
  constexpr std::uint64_t longest = std::uint64_t{1} << 62U;
  return start(std::chrono::nanoseconds(std::min(first, longest)),
               std::chrono::nanoseconds(std::min(interval, longest)));
}

bool TimeLimit::start(std::chrono::nanoseconds first, std::chrono::nanoseconds interval) {
  auto timer = os::Alarm::start(first, interval, &time_is_over, nullptr);
  if (!timer) return false;
  timer_.emplace(*std::move(timer));
  return true;
}

}  // namespace merlon::host
