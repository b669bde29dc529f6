#pragma once

// The one system call that is not Linux's: a keep's word to the security processor of its machine.

#include "merlon/shim/linux/abi.h"

namespace merlon::shim::linux {

/// attest() as merlon/core/attest_call.h has it. The host carries what is sent and may lie: what
/// comes back is bounded here and believed nowhere. Inval for a kind that there is none of, or more
/// than a request can carry.
[[nodiscard]] abi::SystemResult attest(std::uint64_t kind, std::uint64_t sent,
                                       std::uint64_t sent_size, std::uint64_t room,
                                       std::uint64_t room_size) noexcept;

}  // namespace merlon::shim::linux
