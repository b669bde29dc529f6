#pragma once

// For programs that have nothing else to do: waiting for one stream.

#include "merlon/net/stream.h"

namespace merlon::net {

/// Waits until `side` can go on, or something else happened to look at. False when `deadline`, in
/// nanoseconds on the monotonic clock, is over.
[[nodiscard]] bool wait(const Stream& stream, Side side, std::uint64_t deadline);

/// So many nanoseconds from now; 0 if there is no clock, which is over.
[[nodiscard]] std::uint64_t deadline_after(std::uint64_t nanoseconds);

}  // namespace merlon::net
