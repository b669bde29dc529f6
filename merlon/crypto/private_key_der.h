#pragma once

// Private to the room: the numbers of a private key as they stand in its DER. Pure.

#include <variant>

#include "merlon/crypto/public_key.h"

namespace merlon::crypto {

/// Views into the DER; no number is negative or has a zero byte in front.
struct EcNumbers {
  KeyKind curve = KeyKind::P256;
  core::ByteView secret;
  core::ByteView point;  ///< 04 ‖ x ‖ y; empty where the key does not say it
};
struct RsaNumbers {
  core::ByteView n, e, d, p, q, dp, dq, qi;
};
using KeyNumbers = std::variant<EcNumbers, RsaNumbers>;

/// PrivateKeyInfo [RFC5208 §5], also version 2 [RFC5958 §2].
[[nodiscard]] core::Result<KeyNumbers> parse_pkcs8(core::ByteView der) noexcept;
/// ECPrivateKey with its curve [RFC5915 §3].
[[nodiscard]] core::Result<KeyNumbers> parse_sec1(core::ByteView der) noexcept;
/// RSAPrivateKey of two primes [RFC8017 §A.1.2].
[[nodiscard]] core::Result<KeyNumbers> parse_pkcs1(core::ByteView der) noexcept;

}  // namespace merlon::crypto
