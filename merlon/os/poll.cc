#include "merlon/os/poll.h"

#include <array>
#include <cstdint>

#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "merlon/os/system_call.h"

namespace merlon::os {

Result<std::size_t> poll(std::span<PollItem> items,
                         std::optional<std::chrono::nanoseconds> timeout) noexcept {
  ::timespec limit{};
  if (timeout.has_value()) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*timeout);
    limit.tv_sec = seconds.count();
    limit.tv_nsec = (*timeout - seconds).count();
  }
  return system_call(SYS_ppoll, items.data(), items.size(), timeout.has_value() ? &limit : nullptr,
                     nullptr, 0);
}

bool has_input(BorrowedFd fd) noexcept {
  std::array<PollItem, 1> items{{{fd.number(), POLLIN, 0}}};
  const auto ready = poll(items, std::chrono::nanoseconds(0));
  return ready && *ready != 0;
}

Result<WakeUp> WakeUp::create() noexcept {
  const int number = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (number < 0) return last_errno();
  return WakeUp(Fd::adopt(number));
}

void WakeUp::ring() const noexcept {
  const int saved = errno;  // the interrupted code may be about to read it
  const std::uint64_t one = 1;
  // A full counter means that it is rung already.
  [[maybe_unused]] const ::ssize_t ignored = ::write(event_.number(), &one, sizeof(one));
  errno = saved;
}

}  // namespace merlon::os
