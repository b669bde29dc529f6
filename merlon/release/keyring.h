#pragma once

// All keys of a broker, out of one: the key-encryption key that its owner keeps in a file. What is
// sealed for one tenant opens under no other's key, and at no other place of the store.

#include <cstdint>
#include <optional>
#include <vector>

#include "merlon/crypto/aes_gcm.h"
#include "merlon/crypto/hash.h"
#include "merlon/crypto/secret_bytes.h"
#include "merlon/release/names.h"

namespace merlon::release {

/// Where something lies in the store; beside the ciphertext.
struct Place {
  enum class Kind : std::uint8_t { TenantKey = 0, Deposit = 1 };
  Kind kind = Kind::Deposit;
  TenantId tenant;
  DepositId deposit{};        ///< zeros for a tenant's key
  std::uint64_t version = 0;  ///< 0 for a tenant's key
};

/// Immutable; any thread.
class Keyring {
 public:
  static constexpr std::size_t key_size = 32;

  /// `key` has key_size bytes, which the caller checks and wipes.
  explicit Keyring(core::ByteView key) noexcept;

  /// AES-256-GCM under the tenant's key: 12 random bytes, the text, the tag. Ends the program if
  /// there are no random numbers.
  [[nodiscard]] std::vector<std::uint8_t> seal(const Place& place, core::ByteView plain) const;
  /// Nothing unless it was sealed for this very place.
  [[nodiscard]] std::optional<crypto::SecretBytes> open(const Place& place,
                                                        core::ByteView sealed) const;

  /// What only this broker, and another one with this key, can say of `message`.
  enum class Purpose : std::uint8_t { ChallengeTag, ChallengeSalt, StoreState, StoreRow };
  [[nodiscard]] crypto::Sha256Digest mac(Purpose purpose, core::ByteView message) const;

 private:
  [[nodiscard]] crypto::AesGcmKey key_of(const TenantId& tenant) const;

  crypto::SecretBytes root_;
};

}  // namespace merlon::release
