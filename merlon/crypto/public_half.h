#pragma once

// What everybody may know of a key. Pure; any thread. Texts may be anybody's.

#include <cstdint>
#include <variant>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"
#include "merlon/crypto/public_key.h"

namespace merlon::crypto {

/// A point of P-256 or P-384 as x ‖ y, 64 or 96 bytes, most significant byte first.
struct EcPublicHalf {
  KeyKind curve = KeyKind::P256;
  std::vector<std::uint8_t> point;

  friend bool operator==(const EcPublicHalf&, const EcPublicHalf&) = default;
};

/// n and e, most significant byte first, without zeros in front.
struct RsaPublicHalf {
  std::vector<std::uint8_t> modulus;
  std::uint32_t exponent = 0;

  [[nodiscard]] std::size_t bits() const noexcept { return modulus.size() * 8; }
  friend bool operator==(const RsaPublicHalf&, const RsaPublicHalf&) = default;
};

using PublicHalf = std::variant<EcPublicHalf, RsaPublicHalf>;

class PrivateKey;
/// Internal if the library does not give it.
[[nodiscard]] core::Result<PublicHalf> public_half_of(const PrivateKey& key);

/// The public half of the first key of a text in PEM: of a private key as PrivateKey::from_pem
/// reads it, with its errors, or of a public one: SubjectPublicKeyInfo ("PUBLIC KEY", [RFC5280
/// §4.1.2.7]) or PKCS#1 ("RSA PUBLIC KEY", [RFC8017 §A.1.1]). A point is checked to be on its
/// curve; RSA has 2048 to 4096 bits and exponent 3 or 65537.
[[nodiscard]] core::Result<PublicHalf> public_half_from_pem(core::ByteView text);

}  // namespace merlon::crypto
