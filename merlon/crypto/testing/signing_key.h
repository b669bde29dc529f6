#pragma once

// For tests: keys that can sign. Made anew in each process; nothing secret hangs on them.

#include <cstdint>
#include <memory>
#include <vector>

#include "merlon/crypto/public_key.h"

struct evp_pkey_st;

namespace merlon::crypto::testing {

class SigningKey {
 public:
  /// P256 or P384.
  explicit SigningKey(KeyKind kind);

  [[nodiscard]] KeyKind kind() const noexcept { return kind_; }
  /// x ‖ y
  [[nodiscard]] std::vector<std::uint8_t> point() const;
  /// SubjectPublicKeyInfo
  [[nodiscard]] std::vector<std::uint8_t> spki() const;
  /// r ‖ s over SHA-256 or SHA-384, by the curve.
  [[nodiscard]] std::vector<std::uint8_t> sign(core::ByteView message) const;
  /// The same as SEQUENCE { r, s }.
  [[nodiscard]] std::vector<std::uint8_t> sign_der(core::ByteView message) const;

 private:
  KeyKind kind_;
  std::shared_ptr<evp_pkey_st> key_;  // owned by all copies
};

}  // namespace merlon::crypto::testing
