#pragma once

// What a keep asks its own processor: reports and keys (core/attest_call.h, Report and Key).

#include <cstdint>
#include <optional>

#include "merlon/core/bytes.h"
#include "merlon/shim/linux/abi.h"

namespace merlon::shim::sgx {

/// As linux::ask_processor(). Nothing for what the host carries. Inval for a request of another
/// size, or with bits that the processor would fault on; Acces if it refuses a key.
[[nodiscard]] std::optional<linux::abi::SystemResult> ask_processor(std::uint64_t kind,
                                                                    core::ByteView sent,
                                                                    core::ByteSpan room) noexcept;

}  // namespace merlon::shim::sgx
