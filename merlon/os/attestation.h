#pragma once

// What a shim lends an attested keep beside Linux's system calls (core/attest_call.h).

#include <optional>

#include "merlon/core/attest_call.h"
#include "merlon/core/bytes.h"
#include "merlon/os/errno.h"

namespace merlon::os {

/// The page of secrets that the security processor's firmware has filled, 4096 bytes; nothing where
/// none is lent, as under an operating system.
[[nodiscard]] std::optional<core::ByteSpan> secrets_page() noexcept;

/// Whether this program runs in an enclave of SGX, by the word of its shim.
[[nodiscard]] bool is_enclave() noexcept;

/// Sends `sent` to the security processor; gives how many bytes of its answer are in `room`. The
/// host carries both and may lie.
///
/// Errors: Again (the host has no time for it now) · Acces (the processor gives no such key) ·
/// Nosys and Opnotsupp (nothing attests here) · …
[[nodiscard]] Result<std::size_t> attest(core::AttestKind kind, core::ByteView sent,
                                         core::ByteSpan room) noexcept;

}  // namespace merlon::os
