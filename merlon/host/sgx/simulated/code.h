#pragma once

// Instructions of an enclave that is not measured any more, exchanged for others.

#include <cstdint>

#include "merlon/core/bytes.h"
#include "merlon/os/errno.h"

namespace merlon::host::sgx::simulated {

/// HLT, which no program may: #GP, whatever the processor. #UD would do as well, but a hypervisor
/// that looks whether an undefined instruction was meant for itself makes each eight times as slow.
inline constexpr std::uint8_t halt[] = {0xf4};

/// `bytes` at `address`, in pages that are there, also across two of them; these are executable and
/// not writable afterwards.
[[nodiscard]] os::Result<void> put_code(std::uint64_t address, core::ByteView bytes) noexcept;

}  // namespace merlon::host::sgx::simulated
