#pragma once

// Instructions of an enclave that is not measured any more, exchanged for others.

#include <cstdint>

#include "merlon/core/bytes.h"
#include "merlon/os/errno.h"

namespace merlon::host::sgx::simulated {

/// Whatever the processor, it raises #UD: UD2.
inline constexpr std::uint8_t no_instruction[] = {0x0f, 0x0b};

/// `bytes` at `address`, in pages that are there, also across two of them; these are executable and
/// not writable afterwards.
[[nodiscard]] os::Result<void> put_code(std::uint64_t address, core::ByteView bytes) noexcept;

}  // namespace merlon::host::sgx::simulated
