#pragma once

// Points and scalars of P-256 that nobody knows more of than that they come from a text
// [RFC9380, suite P256_XMD:SHA-256_SSWU_RO_]. For public texts: how long it takes depends on them.
// Pure; any thread.

#include <string_view>

#include "merlon/crypto/p256_point.h"

namespace merlon::crypto {

/// `purpose` is the domain separation tag, 1 to 255 bytes, another for each use; ends the program
/// if it is not. [RFC9380 §3.1]
[[nodiscard]] P256Point hash_to_curve(core::ByteView text, std::string_view purpose);

/// hash_to_field modulo the order instead of the prime, one number of 48 bytes. [RFC9380 §5.2]
[[nodiscard]] P256Scalar hash_to_scalar(core::ByteView text, std::string_view purpose);

}  // namespace merlon::crypto
