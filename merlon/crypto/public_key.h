#pragma once

// Public keys and the signatures that attestation uses. Keys, digests and signatures are
// attacker-controlled; every call is bounded by the sizes it accepts. Pure; any thread.

#include <array>
#include <cstdint>
#include <memory>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"
#include "merlon/crypto/hash.h"

struct evp_pkey_st;

namespace merlon::crypto {

enum class KeyKind : std::uint8_t { P256, P384, Rsa };

enum class HashKind : std::uint8_t { Sha256, Sha384, Sha512 };

/// The digest of `message` as bytes of the hash's own size.
class Digest {
 public:
  [[nodiscard]] static Digest of(HashKind kind, core::ByteView message) noexcept;
  /// One that was made already.
  [[nodiscard]] static Digest of(const Sha256Digest& made) noexcept;
  [[nodiscard]] HashKind kind() const noexcept { return kind_; }
  [[nodiscard]] core::ByteView view() const noexcept { return core::ByteView(bytes_).first(size_); }

 private:
  HashKind kind_ = HashKind::Sha256;
  std::size_t size_ = 0;
  std::array<std::uint8_t, 64> bytes_{};
};

/// r and s, each as many bytes as the curve's order, most significant first.
struct EcdsaSignature {
  core::ByteView r;
  core::ByteView s;

  /// Both halves of r ‖ s; Malformed for an odd size.
  [[nodiscard]] static core::Result<EcdsaSignature> from_halves(core::ByteView both) noexcept;
};

/// A key that can only verify. Copies share one immutable object.
class PublicKey {
 public:
  /// `point` is x ‖ y without a format byte, 64 or 96 bytes. Malformed if it is not on the curve or
  /// is the point at infinity.
  [[nodiscard]] static core::Result<PublicKey> ec(KeyKind curve, core::ByteView point) noexcept;

  /// Most significant byte first. Unsupported unless the modulus has 2048 to 4096 bits and the
  /// exponent is 65537.
  [[nodiscard]] static core::Result<PublicKey> rsa(core::ByteView modulus,
                                                   core::ByteView exponent) noexcept;

  /// RSA of 3072 bits with exponent 3, as enclaves are signed [SDM vol. 3D SIGSTRUCT]; not for
  /// certificates. Most significant byte first; Unsupported for another size.
  [[nodiscard]] static core::Result<PublicKey> rsa_exponent_3(core::ByteView modulus) noexcept;

  [[nodiscard]] KeyKind kind() const noexcept { return kind_; }

  /// Whether the signature holds; false for every malformed signature and for keys of another kind.
  [[nodiscard]] bool verify_ecdsa(const Digest& digest, EcdsaSignature signature) const noexcept;
  /// [RFC8017 §8.1.2] with MGF1 over the same hash and a salt of `salt_size` bytes exactly.
  [[nodiscard]] bool verify_rsa_pss(const Digest& digest, std::size_t salt_size,
                                    core::ByteView signature) const noexcept;
  /// [RFC8017 §8.2.2]
  [[nodiscard]] bool verify_rsa_pkcs1(const Digest& digest,
                                      core::ByteView signature) const noexcept;

 private:
  PublicKey(KeyKind kind, std::shared_ptr<evp_pkey_st> key) noexcept
      : kind_(kind), key_(std::move(key)) {}
  [[nodiscard]] static core::Result<PublicKey> import_rsa(core::ByteView modulus,
                                                          core::ByteView exponent) noexcept;
  [[nodiscard]] bool verify_rsa(const Digest& digest, int padding, int salt_size,
                                core::ByteView signature) const noexcept;

  KeyKind kind_;
  std::shared_ptr<evp_pkey_st> key_;  // owned by all copies; never changed after import
};

}  // namespace merlon::crypto
