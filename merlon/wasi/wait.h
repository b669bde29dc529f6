#pragma once

// The one place where a call waits. Every wait watches the Context's bell too, so a guest can be
// stopped wherever it is.

#include <chrono>
#include <optional>
#include <span>

#include "merlon/os/poll.h"
#include "merlon/wasi/context.h"

namespace merlon::wasi {

/// Waits until one of `items` is ready or `timeout` is over (nothing: for ever). The last item is
/// ours to overwrite: it becomes the bell. Gives how many of the others are ready.
[[nodiscard]] Result<std::size_t> wait_for_any(Context& context, std::span<os::PollItem> items,
                                               std::optional<std::chrono::nanoseconds> timeout);

/// Waits until `file` has one of `events` (POLLIN, POLLOUT), an error or a hang-up.
[[nodiscard]] Result<void> wait_for(Context& context, os::BorrowedFd file, short events);

/// As wait_for(), but without waiting: whether it would return at once.
[[nodiscard]] Result<bool> is_ready(Context& context, os::BorrowedFd file, short events);

/// Repeats a system call that a signal interrupted, unless the signal was meant to stop the guest.
template <typename Call>
[[nodiscard]] auto uninterrupted(const Context& context, const Call& call)
    -> Result<typename std::invoke_result_t<Call>::value_type> {
  for (;;) {
    auto result = call();
    if (result.has_value() || result.error() != os::Errno::Intr) return from_os(std::move(result));
    if (context.is_interrupted()) return interrupted();
  }
}

}  // namespace merlon::wasi
