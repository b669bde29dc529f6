#pragma once

// AES-CMAC with 128 bits [RFC4493], as processors with SGX make the codes of their reports [SDM
// vol. 3D EREPORT]. Pure.

#include "merlon/core/fixed_bytes.h"

namespace merlon::crypto {

using AesCmac = core::FixedBytes<struct AesCmacTag, 16>;
inline constexpr std::size_t aes_cmac_key_size = 16;

/// Of `message`, under a key of aes_cmac_key_size bytes, which the caller checks. A code is
/// compared with is_same(). Ends the program if the library has no AES.
[[nodiscard]] AesCmac aes_cmac(core::ByteView key, core::ByteView message) noexcept;

/// Takes the same time wherever the first difference is.
[[nodiscard]] bool is_same(core::ByteView code, core::ByteView other) noexcept;

}  // namespace merlon::crypto
