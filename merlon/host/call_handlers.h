#pragma once

// Private to the room: what each call of the sallyport becomes. One row for each, in calls.def's
// order.

#include <cstdint>

#include "merlon/host/calls.h"
#include "merlon/os/errno.h"

namespace merlon::host {

inline constexpr std::uint64_t nanoseconds_per_second = 1'000'000'000;

[[nodiscard]] inline sallyport::Outcome refused(int number) noexcept { return {-number, 0}; }

/// The answer after a system call that failed just now.
[[nodiscard]] inline sallyport::Outcome failed_call() noexcept {
  return refused(static_cast<int>(os::last_errno()));
}

[[nodiscard]] constexpr int as_int(std::uint64_t argument) noexcept {
  return static_cast<int>(argument & 0x7fff'ffff);
}

struct Calls::Row {
  /// Whether the first argument is a descriptor, which must be there.
  enum class About : bool { Nothing, File };
  /// What may be changed beneath the descriptors that the arguments name.
  enum class Changes : std::uint8_t { Nothing, IfOpenedSo, First, Both };

  sallyport::Call call;
  About about;
  Changes changes;
  /// Carries the call out; `file` is the first argument's, where the call is about one.
  Outcome (*handler)(Calls& calls, const Request& request, os::BorrowedFd file);
};

}  // namespace merlon::host
