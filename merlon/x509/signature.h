#pragma once

// Signed structures: which algorithm, over which bytes, and a memory of those that hold.

#include <cstdint>
#include <vector>

#include "merlon/codec/der.h"
#include "merlon/crypto/hash.h"
#include "merlon/crypto/public_key.h"

namespace merlon::x509 {

/// The only algorithms that genuine evidence uses.
enum class SignatureAlgorithm : std::uint8_t {
  EcdsaSha256,
  EcdsaSha384,
  RsaPkcs1Sha256,
  RsaPssSha384,    ///< MGF1 with SHA-384, salt of 48 bytes
  RawEcdsaSha256,  ///< r ‖ s of the curve's size, as quotes and signed JSON have it
  RawEcdsaSha384,  ///< the same, as SEV-SNP reports have it
};

[[nodiscard]] std::string_view to_string(SignatureAlgorithm algorithm) noexcept;

/// An AlgorithmIdentifier with its identifier octet. Unsupported for every other algorithm.
[[nodiscard]] core::Result<SignatureAlgorithm> parse_algorithm(core::ByteView whole) noexcept;

/// SEQUENCE { INTEGER r, INTEGER s } as numbers of fixed size.
struct EcdsaNumbers {
  std::array<std::uint8_t, 96> bytes{};
  std::size_t size = 0;  ///< of each number
  [[nodiscard]] crypto::EcdsaSignature view() const noexcept;
};
[[nodiscard]] core::Result<EcdsaNumbers> parse_ecdsa_signature(core::ByteView der,
                                                               std::size_t size) noexcept;

/// A key and the SubjectPublicKeyInfo it came from, borrowed.
struct SubjectKey {
  crypto::PublicKey key;
  core::ByteView spki;
};

/// id-ecPublicKey over P-256 or P-384, uncompressed, or rsaEncryption.
[[nodiscard]] core::Result<SubjectKey> parse_subject_key(core::ByteView spki) noexcept;

/// Something signed: all views borrowed.
struct Signed {
  core::ByteView message;
  SignatureAlgorithm algorithm = SignatureAlgorithm::EcdsaSha256;
  core::ByteView signature;
};

/// Whether the signature holds, computed.
[[nodiscard]] bool verify(const SubjectKey& key, const Signed& subject) noexcept;

/// Signatures found good before. That is a fact about bytes, which never gets old.
/// holds() may be called from several threads as long as nobody calls learn().
class SignatureMemo {
 public:
  [[nodiscard]] bool holds(const SubjectKey& key, const Signed& subject) const noexcept;
  /// Computes it, and remembers it if it holds.
  void learn(const SubjectKey& key, const Signed& subject);
  [[nodiscard]] std::size_t size() const noexcept { return known_.size(); }

 private:
  std::vector<crypto::Sha256Digest> known_;  // sorted
};

}  // namespace merlon::x509
