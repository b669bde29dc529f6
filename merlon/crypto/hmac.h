#pragma once

// HMAC with SHA-256 [RFC2104]. Pure.

#include "merlon/core/bytes.h"
#include "merlon/crypto/hash.h"

namespace merlon::crypto {

/// Of `message` under a key of any size. Ends the program if the library has no HMAC.
[[nodiscard]] Sha256Digest hmac_sha256(core::ByteView key, core::ByteView message) noexcept;

}  // namespace merlon::crypto
