#include "merlon/x509/signature.h"

#include <algorithm>

#include "merlon/codec/oid.h"

namespace merlon::x509 {

using codec::DerReader;
using codec::DerTag;
using codec::Oid;
using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

constexpr Oid ecdsa_sha256{1, 2, 840, 10045, 4, 3, 2};
constexpr Oid ecdsa_sha384{1, 2, 840, 10045, 4, 3, 3};
constexpr Oid rsa_sha256{1, 2, 840, 113549, 1, 1, 11};
constexpr Oid rsa_pss{1, 2, 840, 113549, 1, 1, 10};
constexpr Oid mgf1{1, 2, 840, 113549, 1, 1, 8};
constexpr Oid sha384{2, 16, 840, 1, 101, 3, 4, 2, 2};
constexpr Oid ec_public_key{1, 2, 840, 10045, 2, 1};
constexpr Oid rsa_encryption{1, 2, 840, 113549, 1, 1, 1};
constexpr Oid p256{1, 2, 840, 10045, 3, 1, 7};
constexpr Oid p384{1, 3, 132, 0, 34};

core::Error unsupported(const char* what) noexcept {
  return core::error(ErrorCode::Unsupported, what);
}

/// AlgorithmIdentifier of SHA-384; parameters NULL or absent.
Result<void> expect_sha384(DerReader hash) noexcept {
  if (!sha384.is(TRY(hash.oid()))) return unsupported("RSA-PSS with another hash than SHA-384");
  if (!hash.at_end() && !TRY(hash.content(DerTag::Null)).empty()) {
    return core::error(ErrorCode::Malformed, "NULL with content");
  }
  return hash.finish();
}

/// RSASSA-PSS-params with SHA-384 throughout. [RFC4055 §3.1]
Result<void> expect_pss_sha384(DerReader params) noexcept {
  DerReader hash = TRY(params.enter(codec::context_tag(0, true)));
  TRY(expect_sha384(TRY(hash.enter(DerTag::Sequence))));
  TRY(hash.finish());
  DerReader mask_outer = TRY(params.enter(codec::context_tag(1, true)));
  DerReader mask = TRY(mask_outer.enter(DerTag::Sequence));
  if (!mgf1.is(TRY(mask.oid()))) return unsupported("RSA-PSS with another mask than MGF1");
  TRY(expect_sha384(TRY(mask.enter(DerTag::Sequence))));
  TRY(mask.finish());
  TRY(mask_outer.finish());
  DerReader salt = TRY(params.enter(codec::context_tag(2, true)));
  if (TRY(salt.number()) != 48) return unsupported("RSA-PSS with another salt than 48 bytes");
  TRY(salt.finish());
  if (params.next_is(codec::context_tag(3, true))) {  // written out although it is the default
    DerReader trailer = TRY(params.enter(codec::context_tag(3, true)));
    if (TRY(trailer.number()) != 1) return unsupported("RSA-PSS with another trailer than 1");
    TRY(trailer.finish());
  }
  return params.finish();
}

}  // namespace

std::string_view to_string(SignatureAlgorithm algorithm) noexcept {
  switch (algorithm) {
    case SignatureAlgorithm::EcdsaSha256: return "ECDSA with SHA-256";
    case SignatureAlgorithm::EcdsaSha384: return "ECDSA with SHA-384";
    case SignatureAlgorithm::RsaPkcs1Sha256: return "RSA PKCS#1 v1.5 with SHA-256";
    case SignatureAlgorithm::RsaPssSha384: return "RSA-PSS with SHA-384";
    case SignatureAlgorithm::RawEcdsaSha256: return "ECDSA with SHA-256";
    case SignatureAlgorithm::RawEcdsaSha384: return "ECDSA with SHA-384";
  }
  return "unknown";
}

Result<SignatureAlgorithm> parse_algorithm(ByteView whole) noexcept {
  DerReader reader(TRY(codec::der_whole(whole, DerTag::Sequence)).content);
  const ByteView oid = TRY(reader.oid());
  if (ecdsa_sha256.is(oid) || ecdsa_sha384.is(oid)) {
    TRY(reader.finish());  // parameters must be absent [RFC5758 §3.2]
    return ecdsa_sha256.is(oid) ? SignatureAlgorithm::EcdsaSha256 : SignatureAlgorithm::EcdsaSha384;
  }
  if (rsa_sha256.is(oid)) {
    if (!TRY(reader.content(DerTag::Null)).empty()) {
      return core::error(ErrorCode::Malformed, "NULL with content");
    }
    TRY(reader.finish());
    return SignatureAlgorithm::RsaPkcs1Sha256;
  }
  if (rsa_pss.is(oid)) {
    TRY(expect_pss_sha384(TRY(reader.enter(DerTag::Sequence))));
    TRY(reader.finish());
    return SignatureAlgorithm::RsaPssSha384;
  }
  return unsupported("a signature algorithm that evidence does not use");
}

crypto::EcdsaSignature EcdsaNumbers::view() const noexcept {
  const ByteView all(bytes);
  return {all.first(size), all.subspan(size, size)};
}

Result<EcdsaNumbers> parse_ecdsa_signature(ByteView der, std::size_t size) noexcept {
  DerReader reader(TRY(codec::der_whole(der, DerTag::Sequence)).content);
  EcdsaNumbers numbers;
  numbers.size = size;
  MERLON_CHECK(2 * size <= numbers.bytes.size());
  for (std::size_t i = 0; i < 2; ++i) {
    ByteView number = TRY(reader.integer());
    if ((number[0] & 0x80U) != 0) return core::error(ErrorCode::Malformed, "number below zero");
    if (number[0] == 0) number = number.subspan(1);
    if (number.size() > size) return core::error(ErrorCode::Malformed, "number too large");
    std::ranges::copy(number, numbers.bytes.begin() +
                                  static_cast<std::ptrdiff_t>((i + 1) * size - number.size()));
  }
  TRY(reader.finish());
  return numbers;
}

Result<SubjectKey> parse_subject_key(ByteView spki) noexcept {
  DerReader reader(TRY(codec::der_whole(spki, DerTag::Sequence)).content);
  DerReader algorithm = TRY(reader.enter(DerTag::Sequence));
  const ByteView oid = TRY(algorithm.oid());
  if (ec_public_key.is(oid)) {
    const ByteView curve = TRY(algorithm.oid());
    TRY(algorithm.finish());
    const ByteView point = TRY(reader.bit_string());
    TRY(reader.finish());
    if (!p256.is(curve) && !p384.is(curve)) return unsupported("another curve than P-256 or P-384");
    if (point.empty() || point[0] != 0x04) return unsupported("a compressed point");
    const auto kind = p256.is(curve) ? crypto::KeyKind::P256 : crypto::KeyKind::P384;
    return SubjectKey{TRY(crypto::PublicKey::ec(kind, point.subspan(1))), spki};
  }
  if (!rsa_encryption.is(oid)) return unsupported("a public key that is neither EC nor RSA");
  if (!TRY(algorithm.content(DerTag::Null)).empty()) {
    return core::error(ErrorCode::Malformed, "NULL with content");
  }
  TRY(algorithm.finish());
  DerReader key(TRY(codec::der_whole(TRY(reader.bit_string()), DerTag::Sequence)).content);
  TRY(reader.finish());
  const ByteView modulus = TRY(key.integer());
  const ByteView exponent = TRY(key.integer());
  TRY(key.finish());
  return SubjectKey{TRY(crypto::PublicKey::rsa(modulus, exponent)), spki};
}

bool verify(const SubjectKey& key, const Signed& subject) noexcept {
  using crypto::Digest;
  using crypto::HashKind;
  const auto ecdsa = [&](HashKind hash) {
    const std::size_t size = key.key.kind() == crypto::KeyKind::P256 ? 32 : 48;
    const auto numbers = parse_ecdsa_signature(subject.signature, size);
    return numbers.has_value() &&
           key.key.verify_ecdsa(Digest::of(hash, subject.message), numbers->view());
  };
  const auto raw = [&](HashKind hash) {
    const auto halves = crypto::EcdsaSignature::from_halves(subject.signature);
    return halves.has_value() && key.key.verify_ecdsa(Digest::of(hash, subject.message), *halves);
  };
  switch (subject.algorithm) {
    case SignatureAlgorithm::RawEcdsaSha256: return raw(HashKind::Sha256);
    case SignatureAlgorithm::RawEcdsaSha384: return raw(HashKind::Sha384);
    case SignatureAlgorithm::EcdsaSha256: return ecdsa(HashKind::Sha256);
    case SignatureAlgorithm::EcdsaSha384: return ecdsa(HashKind::Sha384);
    case SignatureAlgorithm::RsaPkcs1Sha256:
      return key.key.verify_rsa_pkcs1(Digest::of(HashKind::Sha256, subject.message),
                                      subject.signature);
    case SignatureAlgorithm::RsaPssSha384:
      return key.key.verify_rsa_pss(Digest::of(HashKind::Sha384, subject.message), 48,
                                    subject.signature);
  }
  return false;
}

namespace {

/// Everything that decides whether a signature holds. Lengths in front keep the parts apart.
crypto::Sha256Digest identity(const SubjectKey& key, const Signed& subject) noexcept {
  std::array<std::uint8_t, 17> head{static_cast<std::uint8_t>(subject.algorithm)};
  for (std::size_t i = 0; i < 8; ++i) {
    head[1 + i] = static_cast<std::uint8_t>(std::uint64_t{key.spki.size()} >> (8 * i));
    head[9 + i] = static_cast<std::uint8_t>(std::uint64_t{subject.signature.size()} >> (8 * i));
  }
  return crypto::sha256({head, key.spki, subject.signature, subject.message});
}

}  // namespace

bool SignatureMemo::holds(const SubjectKey& key, const Signed& subject) const noexcept {
  if (!known_.empty() && std::ranges::binary_search(known_, identity(key, subject))) return true;
  return verify(key, subject);
}

void SignatureMemo::learn(const SubjectKey& key, const Signed& subject) {
  const crypto::Sha256Digest digest = identity(key, subject);
  const auto place = std::ranges::lower_bound(known_, digest);
  const bool known = place != known_.end() && *place == digest;
  if (!known && verify(key, subject)) known_.insert(place, digest);
}

}  // namespace merlon::x509
