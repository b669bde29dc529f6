#pragma once

// HKDF with SHA-256 [RFC5869], its two steps apart. Pure.

#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/crypto/secret_bytes.h"

namespace merlon::crypto {

inline constexpr std::size_t hkdf_secret_size = 32;

/// The pseudorandom key, 32 bytes. `salt` may be empty. Ends the program if the library has no
/// HKDF.
[[nodiscard]] SecretBytes hkdf_extract(core::ByteView salt, core::ByteView secret) noexcept;

/// `size` bytes, at most 255 × 32, of `key`, which has 32 bytes.
[[nodiscard]] SecretBytes hkdf_expand(core::ByteView key, core::ByteView info,
                                      std::size_t size) noexcept;

}  // namespace merlon::crypto
