#pragma once

// System calls on the paths that a workload takes most. Where the kernel's place is taken by a shim
// in the same ring, it lends an entry that costs a call instead of the instruction, which some
// hosts make dear; the auxiliary vector says so (core/lent_call.h). Elsewhere it is the
// instruction.

#include <concepts>
#include <cstdint>

#include "merlon/os/errno.h"

namespace merlon::os {

/// A register's worth: a number or an address.
class CallArgument {
 public:
  template <std::integral T>
  CallArgument(T number) noexcept  // NOLINT(google-explicit-constructor): as a call takes it
      : value_(static_cast<long>(number)) {}
  CallArgument(const volatile void* address) noexcept  // NOLINT(google-explicit-constructor): too
      : value_(reinterpret_cast<long>(address)) {}     // SAFETY: only the callee follows it

  [[nodiscard]] long value() const noexcept { return value_; }

 private:
  long value_;
};

/// Makes the system call `number` of Linux; `errno` stays as it is. Safe in signal handlers.
[[nodiscard]] Result<std::uint64_t> system_call(long number, CallArgument a = 0, CallArgument b = 0,
                                                CallArgument c = 0, CallArgument d = 0,
                                                CallArgument e = 0, CallArgument f = 0) noexcept;

}  // namespace merlon::os
