#include "merlon/crypto/private_key_der.h"

#include <optional>

#include "merlon/codec/der.h"
#include "merlon/codec/oid.h"

namespace merlon::crypto {

using codec::context_tag;
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

/// The next INTEGER, which must not be negative, as its digits.
Result<ByteView> magnitude(DerReader& reader) noexcept {
  const ByteView bytes = TRY(reader.integer());
  if ((bytes[0] & 0x80U) != 0) {
    return core::error(ErrorCode::Malformed, "a private key with a number below zero",
                       reader.offset());
  }
  return bytes[0] == 0 && bytes.size() > 1 ? bytes.subspan(1) : bytes;
}

/// Curves are named; one that is spelt out could be any.
Result<KeyKind> parse_curve(DerReader& reader) noexcept {
  if (!reader.next_is(DerTag::ObjectIdentifier)) {
    return core::error(ErrorCode::Unsupported, "a private key of a curve that is not named");
  }
  const ByteView name = TRY(reader.oid());
  if (prime256v1.is(name)) return KeyKind::P256;
  if (secp384r1.is(name)) return KeyKind::P384;
  return core::error(ErrorCode::Unsupported, "a private key of another curve than P-256 and P-384");
}

/// `curve` is what stands around the key, if anything does.
Result<KeyNumbers> parse_ec(ByteView der, std::optional<KeyKind> curve) noexcept {
  DerReader key(TRY(codec::der_whole(der, DerTag::Sequence)).content);
  if (TRY(key.number()) != 1) {
    return core::error(ErrorCode::Unsupported, "a private key of an unknown version");
  }
  EcNumbers numbers;
  numbers.secret = TRY(key.content(DerTag::OctetString));
  if (key.next_is(context_tag(0, true))) {
    DerReader parameters = TRY(key.enter(context_tag(0, true)));
    const KeyKind named = TRY(parse_curve(parameters));
    TRY(parameters.finish());
    if (curve.value_or(named) != named) {
      return core::error(ErrorCode::Malformed, "a private key that names two curves");
    }
    curve = named;
  }
  if (key.next_is(context_tag(1, true))) {
    DerReader point = TRY(key.enter(context_tag(1, true)));
    numbers.point = TRY(point.bit_string());
    TRY(point.finish());
  }
  TRY(key.finish());
  if (!curve) return core::error(ErrorCode::Malformed, "a private key without its curve");
  numbers.curve = *curve;
  return KeyNumbers(numbers);
}

}  // namespace

Result<KeyNumbers> parse_sec1(ByteView der) noexcept { return parse_ec(der, std::nullopt); }

Result<KeyNumbers> parse_pkcs1(ByteView der) noexcept {
  DerReader key(TRY(codec::der_whole(der, DerTag::Sequence)).content);
  if (TRY(key.number()) != 0) {
    return core::error(ErrorCode::Unsupported, "an RSA key of more than two primes");
  }
  RsaNumbers numbers;
  for (ByteView* number : {&numbers.n, &numbers.e, &numbers.d, &numbers.p, &numbers.q, &numbers.dp,
                           &numbers.dq, &numbers.qi}) {
    *number = TRY(magnitude(key));
  }
  TRY(key.finish());
  return KeyNumbers(numbers);
}

Result<KeyNumbers> parse_pkcs8(ByteView der) noexcept {
  DerReader info(TRY(codec::der_whole(der, DerTag::Sequence)).content);
  if (TRY(info.number()) > 1) {
    return core::error(ErrorCode::Unsupported, "a private key of an unknown version");
  }
  DerReader algorithm = TRY(info.enter(DerTag::Sequence));
  const ByteView name = TRY(algorithm.oid());
  const ByteView key = TRY(info.content(DerTag::OctetString));
  // Attributes, and in version 2 the public half once more, say nothing that is used.
  for (const auto tag : {context_tag(0, true), context_tag(1, false)}) {
    if (info.next_is(tag)) TRY(info.content(tag));
  }
  TRY(info.finish());
  if (id_ec_public_key.is(name)) {
    const KeyKind curve = TRY(parse_curve(algorithm));
    TRY(algorithm.finish());
    return parse_ec(key, curve);
  }
  if (!rsa_encryption.is(name)) {
    return core::error(ErrorCode::Unsupported,
                       "a private key that is neither RSA nor P-256 or P-384");
  }
  if (algorithm.next_is(DerTag::Null)) TRY(algorithm.content(DerTag::Null));
  TRY(algorithm.finish());
  return parse_pkcs1(key);
}

}  // namespace merlon::crypto
