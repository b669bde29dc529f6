#include "merlon/crypto/public_half.h"

#include <algorithm>

#include "merlon/codec/der.h"
#include "merlon/codec/oid.h"
#include "merlon/codec/pem.h"
#include "merlon/crypto/private_key.h"

namespace merlon::crypto {

using codec::DerReader;
using codec::DerTag;
using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

constexpr codec::Oid id_ec_public_key{1, 2, 840, 10045, 2, 1};
constexpr codec::Oid prime256v1{1, 2, 840, 10045, 3, 1, 7};
constexpr codec::Oid secp384r1{1, 3, 132, 0, 34};
constexpr codec::Oid rsa_encryption{1, 2, 840, 113549, 1, 1, 1};

core::Error unsupported(const char* what) noexcept {
  return core::error(ErrorCode::Unsupported, what);
}

/// RSAPublicKey.
Result<PublicHalf> parse_rsa(ByteView der) {
  DerReader key(TRY(codec::der_whole(der, DerTag::Sequence)).content);
  const ByteView number = TRY(key.integer());
  const std::uint64_t exponent = TRY(key.number());
  TRY(key.finish());
  if ((number[0] & 0x80U) != 0) {
    return core::error(ErrorCode::Malformed, "a public key with a modulus below zero");
  }
  const ByteView modulus = number[0] == 0 ? number.subspan(1) : number;
  if (modulus.size() < 256 || modulus.size() > 512 || (modulus[0] & 0x80U) == 0) {
    return unsupported("an RSA key of less than 2048 or more than 4096 bits");
  }
  if (exponent != 3 && exponent != 65537) {
    return unsupported("an RSA key with another exponent than 3 or 65537");
  }
  return PublicHalf(
      RsaPublicHalf{{modulus.begin(), modulus.end()}, static_cast<std::uint32_t>(exponent)});
}

Result<PublicHalf> parse_point(ByteView curve, ByteView octets) {
  if (!prime256v1.is(curve) && !secp384r1.is(curve)) {
    return unsupported("a public key of another curve than P-256 and P-384");
  }
  if (octets.empty() || octets[0] != 0x04) return unsupported("a public key as a compressed point");
  const KeyKind kind = prime256v1.is(curve) ? KeyKind::P256 : KeyKind::P384;
  const ByteView point = octets.subspan(1);
  TRY(PublicKey::ec(kind, point));  // it must be on its curve
  return PublicHalf(EcPublicHalf{kind, {point.begin(), point.end()}});
}

/// SubjectPublicKeyInfo.
Result<PublicHalf> parse_info(ByteView der) {
  DerReader info(TRY(codec::der_whole(der, DerTag::Sequence)).content);
  DerReader algorithm = TRY(info.enter(DerTag::Sequence));
  const ByteView name = TRY(algorithm.oid());
  const ByteView key = TRY(info.bit_string());
  TRY(info.finish());
  if (id_ec_public_key.is(name)) {
    if (!algorithm.next_is(DerTag::ObjectIdentifier)) {
      return unsupported("a public key of a curve that is not named");
    }
    const ByteView curve = TRY(algorithm.oid());
    TRY(algorithm.finish());
    return parse_point(curve, key);
  }
  if (!rsa_encryption.is(name)) {
    return unsupported("a public key that is neither RSA nor P-256 or P-384");
  }
  if (!TRY(algorithm.content(DerTag::Null)).empty()) {
    return core::error(ErrorCode::Malformed, "NULL with content");
  }
  TRY(algorithm.finish());
  return parse_rsa(key);
}

}  // namespace

Result<PublicHalf> public_half_of(const PrivateKey& key) {
  if (key.kind() == KeyKind::Rsa) return PublicHalf(TRY(key.rsa_public()));
  return PublicHalf(EcPublicHalf{key.kind(), TRY(key.point())});
}

Result<PublicHalf> public_half_from_pem(ByteView text) {
  const auto secret = PrivateKey::from_pem(text);
  if (secret) return public_half_of(*secret);
  if (secret.error().code != ErrorCode::NotFound) return secret.error();
  const std::string_view chars = core::as_text(text);
  // A private key behind the first block would be copied below, and nobody would wipe the copy.
  if (chars.find("PRIVATE KEY-----") != std::string_view::npos) return secret.error();
  const auto blocks = TRY(codec::pem_blocks(chars));
  const auto found = std::ranges::find_if(blocks, [](const codec::PemBlock& block) {
    return block.label == "PUBLIC KEY" || block.label == "RSA PUBLIC KEY";
  });
  if (found == blocks.end()) return secret.error();
  return found->label == "PUBLIC KEY" ? parse_info(found->bytes) : parse_rsa(found->bytes);
}

}  // namespace merlon::crypto
