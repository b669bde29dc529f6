#include "merlon/wasi/wait.h"

#include <algorithm>
#include <array>

namespace merlon::wasi {

using std::chrono::nanoseconds;

namespace {

/// The shorter of the two; nothing is for ever.
std::optional<nanoseconds> sooner(std::optional<nanoseconds> one,
                                  std::optional<nanoseconds> other) {
  if (!one || !other) return one ? one : other;
  return std::min(*one, *other);
}

/// As os::poll(), with all that goes on beside the guest. May come back before `timeout`, and with
/// nothing that the caller asked for.
os::Result<std::size_t> poll_beside(Context& context, std::span<os::PollItem> items,
                                    std::optional<nanoseconds> timeout) {
  std::vector<os::PollItem> all(items.begin(), items.end());
  context.unsent().add_awaited(all);
  for (const auto& chore : context.chores()) {
    chore->add_awaited(all);
    timeout = sooner(timeout, chore->rest());
  }
  const os::Result<std::size_t> ready = os::poll(all, timeout);
  if (!ready.has_value()) return ready;
  context.unsent().flush();
  for (const auto& chore : context.chores()) chore->work();
  std::copy_n(all.begin(), items.size(), items.begin());
  return static_cast<std::size_t>(
      std::ranges::count_if(items, [](const os::PollItem& item) { return item.revents != 0; }));
}

}  // namespace

Result<std::size_t> wait_for_any(Context& context, std::span<os::PollItem> items,
                                 std::optional<nanoseconds> timeout) {
  os::PollItem& bell = items.back();
  bell = {TRY(context.bell()).number(), POLLIN, 0};
  if (context.is_interrupted()) return interrupted();
  for (;;) {
    const os::Result<std::size_t> ready = context.unsent().empty() && context.chores().empty()
                                              ? os::poll(items, timeout)
                                              : poll_beside(context, items, timeout);
    if (context.is_interrupted()) return interrupted();
    if (ready.has_value()) return *ready - (bell.revents != 0 ? 1 : 0);
    if (ready.error() != os::Errno::Intr) return fail(to_errno(ready.error()));
    // A signal of no concern: callers with a timeout look at their clock and come back.
    if (timeout.has_value()) return std::size_t{0};
  }
}

Result<void> wait_for(Context& context, os::BorrowedFd file, short events) {
  std::array items{os::PollItem{file.number(), events, 0}, os::PollItem{}};
  while (TRY(wait_for_any(context, items, std::nullopt)) == 0) {
  }
  return {};
}

Result<bool> is_ready(Context& context, os::BorrowedFd file, short events) {
  std::array items{os::PollItem{file.number(), events, 0}, os::PollItem{}};
  return TRY(wait_for_any(context, items, nanoseconds(0))) != 0;
}

}  // namespace merlon::wasi
