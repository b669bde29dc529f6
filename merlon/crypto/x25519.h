#pragma once

// Keys of X25519 [RFC7748], to which others encrypt. Pure but for OpenSSL's random numbers; any
// thread, for each key one at a time.

#include <memory>

#include "merlon/core/fixed_bytes.h"
#include "merlon/core/result.h"
#include "merlon/crypto/secret_bytes.h"

struct evp_pkey_st;

namespace merlon::crypto {

using X25519PublicKey = core::FixedBytes<struct X25519PublicKeyTag, 32>;

class X25519Key {
 public:
  /// Internal if the library gives none.
  [[nodiscard]] static core::Result<X25519Key> generate();

  /// Whose secret half is given, 32 bytes as RFC7748 has them. Malformed for another size.
  [[nodiscard]] static core::Result<X25519Key> from_secret(core::ByteView secret);

  /// What this key and the other side's have in common; nothing to be used as it is [RFC7748 §6.1].
  /// Malformed for a public key with which everybody has the same in common; Denied: forgotten.
  [[nodiscard]] core::Result<SecretBytes> agree_with(const X25519PublicKey& other) const;

  /// Overwrites the secret half: nothing is agreed with this key any more.
  void forget() noexcept { key_.reset(); }

  [[nodiscard]] const X25519PublicKey& public_key() const noexcept { return public_key_; }

 private:
  struct Deleter {
    void operator()(evp_pkey_st* key) const noexcept;
  };
  using Owner = std::unique_ptr<evp_pkey_st, Deleter>;
  X25519Key(Owner key, const X25519PublicKey& public_key) noexcept
      : key_(std::move(key)), public_key_(public_key) {}

  [[nodiscard]] static core::Result<X25519Key> own(Owner key);

  Owner key_;
  X25519PublicKey public_key_;
};

}  // namespace merlon::crypto
