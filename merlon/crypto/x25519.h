#pragma once

// Keys of X25519 [RFC7748], to which others encrypt. Pure but for OpenSSL's random numbers; any
// thread, for each key one at a time.

#include <memory>

#include "merlon/core/fixed_bytes.h"
#include "merlon/core/result.h"

struct evp_pkey_st;

namespace merlon::crypto {

using X25519PublicKey = core::FixedBytes<struct X25519PublicKeyTag, 32>;

class X25519Key {
 public:
  /// Internal if the library gives none.
  [[nodiscard]] static core::Result<X25519Key> generate();

  [[nodiscard]] const X25519PublicKey& public_key() const noexcept { return public_key_; }

 private:
  struct Deleter {
    void operator()(evp_pkey_st* key) const noexcept;
  };
  using Owner = std::unique_ptr<evp_pkey_st, Deleter>;
  X25519Key(Owner key, const X25519PublicKey& public_key) noexcept
      : key_(std::move(key)), public_key_(public_key) {}

  Owner key_;
  X25519PublicKey public_key_;
};

}  // namespace merlon::crypto
