#pragma once

// Private keys: made, read, written, and what is signed with them. Secrets are overwritten when
// their owner goes, also the copies that are made on the way; none is ever in a std::string. Pure
// but for OpenSSL's random numbers, which the kernel seeds; any thread, for each key one at a time.

#include <cstdint>
#include <memory>
#include <vector>

#include "merlon/crypto/public_half.h"
#include "merlon/crypto/public_key.h"
#include "merlon/crypto/secret_bytes.h"

struct evp_pkey_st;

namespace merlon::crypto {

class PrivateKey {
 public:
  static constexpr std::size_t max_pem_size = 32UL * 1024;

  /// A new key of P-256 or P-384, or of RSA with 3072 bits and exponent 3, as SGX has it [SDM vol.
  /// 3D SIGSTRUCT]; that one takes seconds. Internal if the library gives none.
  [[nodiscard]] static core::Result<PrivateKey> generate(KeyKind kind);

  /// The first private key of a text in PEM: PKCS#8 ("PRIVATE KEY"), SEC1 ("EC PRIVATE KEY") or
  /// PKCS#1 ("RSA PRIVATE KEY") [RFC5208, RFC5915, RFC8017 §A.1.2]; "EC PARAMETERS" in front of it
  /// are passed over. RSA of 2048 to 4096 bits with exponent 3 or 65537.
  /// Malformed: no PEM, no key, a public half that is not the secret's, numbers that are not each
  /// other's. Denied: encrypted; nothing ever asks for a passphrase. NotFound: something else in
  /// PEM, such as a public key. Unsupported: another curve, kind or size. Exhausted: beyond
  /// max_pem_size. The text may be anybody's.
  [[nodiscard]] static core::Result<PrivateKey> from_pem(core::ByteView text);

  [[nodiscard]] KeyKind kind() const noexcept { return kind_; }

  /// PKCS#8 for a key of a curve, PKCS#1 for RSA: what Enarx writes and reads. Ends in a line end.
  [[nodiscard]] core::Result<SecretBytes> to_pem() const;

  /// x ‖ y, 64 or 96 bytes, most significant byte first. Unsupported for RSA.
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> point() const;
  /// Unsupported for a key of a curve.
  [[nodiscard]] core::Result<RsaPublicHalf> rsa_public() const;

  /// r ‖ s, each as many bytes as the curve's order; see EcdsaSignature::from_halves. Each call
  /// gives another one. Unsupported for RSA. [FIPS186 §6.4]
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> sign_ecdsa(const Digest& digest) const;
  /// As many bytes as the modulus; the same for the same digest. Unsupported for a key of a curve.
  /// [RFC8017 §8.2.1]
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> sign_rsa_pkcs1(const Digest& digest) const;

 private:
  friend class NativeKey;
  struct Deleter {
    void operator()(evp_pkey_st* key) const noexcept;
  };
  using Owner = std::unique_ptr<evp_pkey_st, Deleter>;
  PrivateKey(KeyKind kind, Owner key) noexcept : kind_(kind), key_(std::move(key)) {}

  KeyKind kind_;
  Owner key_;  // never changed after it was made
};

}  // namespace merlon::crypto
