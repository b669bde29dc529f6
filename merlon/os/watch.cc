#include "merlon/os/watch.h"

#include <array>

#include <sys/inotify.h>
#include <unistd.h>

#include "merlon/os/errno.h"
#include "merlon/os/poll.h"

namespace merlon::os {

Result<Watch> Watch::begin(const std::string& directory) noexcept {
  Fd events = Fd::adopt(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!events.is_open()) return last_errno();
  constexpr std::uint32_t changes = IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF;
  if (::inotify_add_watch(events.number(), directory.c_str(), changes | IN_ONLYDIR) < 0) {
    return last_errno();
  }
  return Watch(std::move(events));
}

bool Watch::wait(std::chrono::nanoseconds limit, BorrowedFd other) const noexcept {
  std::array<PollItem, 2> items{{{events_.number(), POLLIN, 0}, {other.number(), POLLIN, 0}}};
  const auto ready = poll(items, limit);
  if (!ready || *ready == 0) return false;
  // What it was is found out by looking.
  std::array<char, 4096> events{};
  while (::read(events_.number(), events.data(), events.size()) > 0) {
  }
  return true;
}

}  // namespace merlon::os
