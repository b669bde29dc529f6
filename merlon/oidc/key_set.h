#pragma once

// The public keys of an issuer of tokens, as a JSON Web Key Set [RFC7517], and what they can judge
// [RFC7518 §3]: RS256, ES256 and EdDSA with Ed25519 [RFC8037 §3.1]. Attacker-controlled until the
// issuer's TLS vouches for it. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "merlon/core/result.h"
#include "merlon/crypto/ed25519.h"
#include "merlon/crypto/public_key.h"

namespace merlon::oidc {

/// Nothing that a shared secret, or nobody, could have signed.
enum class Algorithm : std::uint8_t { Rs256, Es256, EdDsa };

/// As it stands in a header; nothing for all others, "none" among them.
[[nodiscard]] std::optional<Algorithm> find_algorithm(std::string_view name) noexcept;

/// A key, and the one algorithm that it is for: a token cannot choose another.
class SigningKey {
 public:
  SigningKey(std::optional<std::string> id, Algorithm algorithm,
             std::variant<crypto::PublicKey, crypto::Ed25519PublicKey> key) noexcept
      : id_(std::move(id)), algorithm_(algorithm), key_(std::move(key)) {}

  [[nodiscard]] const std::optional<std::string>& id() const noexcept { return id_; }
  [[nodiscard]] Algorithm algorithm() const noexcept { return algorithm_; }
  [[nodiscard]] bool verify(core::ByteView signed_text, core::ByteView signature) const noexcept;

 private:
  std::optional<std::string> id_;
  Algorithm algorithm_;
  std::variant<crypto::PublicKey, crypto::Ed25519PublicKey> key_;
};

class KeySet {
 public:
  static constexpr std::size_t max_size = std::size_t{256} << 10U;
  static constexpr std::size_t max_keys = 64;

  /// Keys that are for something else are passed over, as are keys that we do not judge by, and
  /// those whose secret half stands there [RFC7517 §5]. Malformed: no such set; Exhausted: too
  /// large.
  [[nodiscard]] static core::Result<KeySet> parse(std::string_view json);

  [[nodiscard]] const std::vector<SigningKey>& keys() const noexcept { return keys_; }

  /// The key of that name, for that algorithm; without a name, the only one for it. Nothing: the
  /// set has none, or does not say which.
  [[nodiscard]] const SigningKey* find(const std::optional<std::string>& id,
                                       Algorithm algorithm) const noexcept;

 private:
  std::vector<SigningKey> keys_;
};

}  // namespace merlon::oidc
