#pragma once

// The tenant's challenge: a nonce that nobody but this tenant can answer for. A keep puts it into
// its evidence; whoever delivers must show the key that it was made of, so that a host cannot put a
// workload of its own into a keep that a tenant has challenged. The nonce shows nothing of the key.

#include <array>
#include <vector>

#include "merlon/core/fixed_bytes.h"
#include "merlon/core/result.h"
#include "merlon/crypto/hash.h"
#include "merlon/crypto/private_key.h"

namespace merlon::delivery {

/// SHA-256 of "merlon/tenant/v1" ‖ the tenant's key ‖ salt.
using Nonce = core::FixedBytes<struct ChallengeNonceTag, 32>;
using Salt = core::FixedBytes<struct ChallengeSaltTag, 32>;
/// A point of P-256, x ‖ y. Not known to lie on the curve.
using TenantKey = core::FixedBytes<struct TenantKeyTag, 64>;

[[nodiscard]] Nonce nonce_of(const TenantKey& tenant, const Salt& salt) noexcept;

/// How the tenant is named: SHA-256 of the key's DER SubjectPublicKeyInfo.
[[nodiscard]] crypto::Sha256Digest name_of(const TenantKey& tenant);

/// A tenant with his challenge.
class Challenge {
 public:
  /// `key` is the tenant's, of P-256; a salt is made. Unsupported: another kind of key · Internal
  /// (no random numbers).
  [[nodiscard]] static core::Result<Challenge> make(crypto::PrivateKey key);
  /// The challenge of a tenant who can make its salt again: 32 bytes that nobody else can guess.
  /// Unsupported as above.
  [[nodiscard]] static core::Result<Challenge> with_salt(crypto::PrivateKey key, const Salt& salt);

  [[nodiscard]] const TenantKey& tenant() const noexcept { return tenant_; }
  [[nodiscard]] const Salt& salt() const noexcept { return salt_; }
  [[nodiscard]] Nonce nonce() const noexcept { return nonce_of(tenant_, salt_); }
  [[nodiscard]] const crypto::PrivateKey& key() const noexcept { return key_; }

 private:
  Challenge(crypto::PrivateKey key, const TenantKey& tenant, const Salt& salt) noexcept
      : key_(std::move(key)), tenant_(tenant), salt_(salt) {}

  crypto::PrivateKey key_;
  TenantKey tenant_;
  Salt salt_;
};

}  // namespace merlon::delivery
