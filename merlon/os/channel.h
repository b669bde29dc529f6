#pragma once

// A stream between two processes of this machine that also carries open files (unix(7)).

#include <cstddef>
#include <span>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/os/fd.h"

namespace merlon::os {

/// The most descriptors that the kernel passes at once.
inline constexpr std::size_t max_passed_descriptors = 253;

/// Both ends, closed on exec.
struct Channel {
  Fd here;
  Fd there;
};

[[nodiscard]] Result<Channel> open_channel() noexcept;

/// Sends all of `bytes`, which may not be empty, and with the first of them the descriptors, at
/// most max_passed_descriptors. Never raises SIGPIPE. Errors: Pipe (nobody reads) · Inval · …
[[nodiscard]] Result<void> send_with_descriptors(BorrowedFd channel, core::ByteView bytes,
                                                 std::span<const BorrowedFd> descriptors) noexcept;

struct Delivery {
  std::size_t size = 0;  ///< bytes received; 0: the other end is closed
  std::vector<Fd> descriptors;
};

/// What is there, at least one byte unless the other end is closed; waits for it. Received
/// descriptors are closed on exec. Io if the kernel could not hand all of them over.
[[nodiscard]] Result<Delivery> receive_with_descriptors(BorrowedFd channel, core::ByteSpan into);

}  // namespace merlon::os
