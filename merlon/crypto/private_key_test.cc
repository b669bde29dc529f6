#include "merlon/crypto/private_key.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"
#include "merlon/codec/pem.h"
#include "merlon/codec/testing/vectors.h"

namespace merlon::crypto {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes unhex(std::string_view text) { return codec::decode_hex(text).value(); }

core::Result<PrivateKey> read(std::string_view text) {
  return PrivateKey::from_pem(core::as_bytes(text));
}
core::Result<PrivateKey> read(std::string_view label, const std::string& hex) {
  return read(codec::to_pem(label, unhex(hex)));
}

core::ErrorCode refusal(const core::Result<PrivateKey>& key) {
  EXPECT_FALSE(key.has_value());
  return key ? core::ErrorCode::Internal : key.error().code;
}

// [RFC6979 §A.2.5]: the key whose signatures public_key_test.cc checks.
const std::string p256_secret = "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721";
const std::string p256_point =
    "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299";
const std::string p256_order = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";
const std::string name_p256 = "A00A06082A8648CE3D030107";  // [0] prime256v1

/// One byte as two digits.
std::string byte(std::size_t value) {
  return base::hex(std::array{static_cast<std::uint8_t>(value)});
}
std::string element(std::string_view tag, const std::string& hex) {
  return base::concat(tag, hex.size() < 256 ? "" : "81", byte(hex.size() / 2), hex);
}
/// ECPrivateKey.
std::string sec1(const std::string& secret, const std::string& rest) {
  return element("30", base::concat("020101", element("04", secret), rest));
}
/// PrivateKeyInfo of a key of P-256.
std::string pkcs8(const std::string& key, const std::string& behind = "") {
  return element("30", base::concat("020100", "301306072A8648CE3D020106082A8648CE3D030107",
                                    element("04", key), behind));
}
std::string said_point(const std::string& octets) {
  return element("A1", element("03", base::concat("00", octets)));
}

TEST(PrivateKey, OfACurveSignsWhatItsPublicHalfVerifies) {
  for (const KeyKind kind : {KeyKind::P256, KeyKind::P384}) {
    const auto key = PrivateKey::generate(kind).value();
    EXPECT_EQ(key.kind(), kind);
    const auto digest = Digest::of(kind == KeyKind::P256 ? HashKind::Sha256 : HashKind::Sha384,
                                   core::as_bytes("sample"));
    const auto verifier = PublicKey::ec(kind, key.point().value()).value();
    for (int i = 0; i < 20; ++i) {  // some of them have short numbers
      const auto signature = key.sign_ecdsa(digest).value();
      EXPECT_TRUE(verifier.verify_ecdsa(digest, EcdsaSignature::from_halves(signature).value()));
    }
    EXPECT_EQ(key.sign_rsa_pkcs1(digest).error().code, core::ErrorCode::Unsupported);
    EXPECT_EQ(key.rsa_public().error().code, core::ErrorCode::Unsupported);
  }
}

TEST(PrivateKey, OfRsaHas3072BitsAndExponent3) {
  const auto key = PrivateKey::generate(KeyKind::Rsa).value();
  const auto half = key.rsa_public().value();
  EXPECT_EQ(half.bits(), 3072U);
  EXPECT_EQ(half.exponent, 3U);
  const auto verifier = PublicKey::rsa_exponent_3(half.modulus).value();
  const auto digest = Digest::of(HashKind::Sha256, core::as_bytes("sample"));
  const auto signature = key.sign_rsa_pkcs1(digest).value();
  EXPECT_TRUE(verifier.verify_rsa_pkcs1(digest, signature));
  EXPECT_FALSE(verifier.verify_rsa_pkcs1(Digest::of(HashKind::Sha256, {}), signature));
  EXPECT_EQ(key.sign_ecdsa(digest).error().code, core::ErrorCode::Unsupported);
  EXPECT_EQ(key.point().error().code, core::ErrorCode::Unsupported);
}

TEST(PrivateKey, IsReadAsItWasWritten) {
  for (const KeyKind kind : {KeyKind::P256, KeyKind::P384, KeyKind::Rsa}) {
    const auto key = PrivateKey::generate(kind).value();
    const auto text = key.to_pem().value();
    const std::string_view begin = core::as_text(text.reveal());
    EXPECT_TRUE(begin.starts_with(kind == KeyKind::Rsa ? "-----BEGIN RSA PRIVATE KEY-----\n"
                                                       : "-----BEGIN PRIVATE KEY-----\n"));
    EXPECT_TRUE(begin.ends_with("-----\n"));
    const auto again = PrivateKey::from_pem(text.reveal());
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->kind(), kind);
    if (kind == KeyKind::Rsa) {
      EXPECT_EQ(again->rsa_public()->modulus, key.rsa_public()->modulus);
    } else {
      EXPECT_EQ(again->point().value(), key.point().value());
    }
    EXPECT_TRUE(std::ranges::equal(again->to_pem()->reveal(), text.reveal()));
  }
}

TEST(PrivateKey, OfACurveIsReadInBothForms) {
  const std::string point = said_point(base::concat("04", p256_point));
  const std::string short_point = said_point(base::concat("03", p256_point.substr(0, 64)));
  const std::vector<std::pair<std::string, std::string>> forms{
      {"EC PRIVATE KEY", sec1(p256_secret, name_p256 + point)},
      {"EC PRIVATE KEY", sec1(p256_secret, name_p256)},
      {"EC PRIVATE KEY", sec1(p256_secret, name_p256 + short_point)},
      {"PRIVATE KEY", pkcs8(sec1(p256_secret, point))},
      {"PRIVATE KEY", pkcs8(sec1(p256_secret, ""))},
      {"PRIVATE KEY", pkcs8(sec1(p256_secret, name_p256), "A000")}};
  for (const auto& [label, der] : forms) {
    const auto key = read(label, der);
    ASSERT_TRUE(key.has_value()) << der << ": " << key.error().what;
    EXPECT_EQ(key->kind(), KeyKind::P256);
    EXPECT_EQ(key->point().value(), unhex(p256_point));
  }
}

TEST(PrivateKey, MustBelongToItsPublicHalf) {
  std::string other = p256_point;
  other.back() = '8';
  const std::string g =
      "6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
      "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5";
  for (const std::string& point : {other, g}) {
    const auto key = read("EC PRIVATE KEY",
                          sec1(p256_secret, name_p256 + said_point(base::concat("04", point))));
    EXPECT_EQ(refusal(key), core::ErrorCode::Malformed);
  }
}

TEST(PrivateKey, MustLieInItsCurvesRange) {
  EXPECT_TRUE(read("EC PRIVATE KEY", sec1("05", name_p256)).has_value());
  for (const std::string& secret :
       {std::string("00"), std::string(), p256_order, "01" + p256_secret}) {
    EXPECT_EQ(refusal(read("EC PRIVATE KEY", sec1(secret, name_p256))), core::ErrorCode::Malformed)
        << secret;
  }
}

TEST(PrivateKey, OfAnotherCurveOrKindIsRefused) {
  const std::string secp256k1 = "A00706052B8104000A";
  EXPECT_EQ(refusal(read("EC PRIVATE KEY", sec1(p256_secret, secp256k1))),
            core::ErrorCode::Unsupported);
  EXPECT_EQ(refusal(read("EC PRIVATE KEY", sec1(p256_secret, "A0023000"))),
            core::ErrorCode::Unsupported);  // a curve that is spelt out
  EXPECT_EQ(refusal(read("EC PRIVATE KEY", sec1(p256_secret, ""))), core::ErrorCode::Malformed);
  const std::string named_p384 = "A00706052B81040022";
  EXPECT_EQ(refusal(read("PRIVATE KEY", pkcs8(sec1(p256_secret, named_p384)))),
            core::ErrorCode::Malformed);
  const std::string ed25519 = element("30", "020100300506032B6570" + element("04", "0400"));
  EXPECT_EQ(refusal(read("PRIVATE KEY", ed25519)), core::ErrorCode::Unsupported);
}

TEST(PrivateKey, IsTheWholeBlock) {
  const std::string whole = pkcs8(sec1(p256_secret, ""));
  EXPECT_EQ(refusal(read("PRIVATE KEY", whole + "00")), core::ErrorCode::Malformed);
  EXPECT_EQ(refusal(read("PRIVATE KEY", whole.substr(0, whole.size() - 2))),
            core::ErrorCode::Malformed);
  EXPECT_EQ(refusal(read("EC PRIVATE KEY", whole)), core::ErrorCode::Unsupported);
}

TEST(PrivateKey, EncryptedIsRefusedWithoutAQuestion) {
  EXPECT_EQ(refusal(read("ENCRYPTED PRIVATE KEY", "3000")), core::ErrorCode::Denied);
  EXPECT_EQ(refusal(read("-----BEGIN EC PRIVATE KEY-----\n"
                         "Proc-Type: 4,ENCRYPTED\n"
                         "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n"
                         "\n"
                         "MAA=\n"
                         "-----END EC PRIVATE KEY-----\n")),
            core::ErrorCode::Denied);
}

TEST(PrivateKey, SomethingElseInPemIsToldByName) {
  for (const std::string_view label : {"PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE", "X509 CRL"}) {
    EXPECT_EQ(refusal(read(label, "3000")), core::ErrorCode::NotFound) << label;
  }
  EXPECT_EQ(refusal(read("OPENSSH PRIVATE KEY", "3000")), core::ErrorCode::Unsupported);
}

TEST(PrivateKey, WhatIsNoPemIsRefused) {
  const std::string whole = codec::to_pem("PRIVATE KEY", unhex(pkcs8(sec1(p256_secret, ""))));
  for (const std::string& text :
       {std::string(), std::string("hello\n"), std::string(1, '\0'), whole.substr(0, 40),
        whole.substr(0, whole.size() - 4), codec::to_pem("PRIVATE KEY", {})}) {
    EXPECT_EQ(refusal(read(text)), core::ErrorCode::Malformed) << text;
  }
  EXPECT_EQ(refusal(read(std::string(PrivateKey::max_pem_size + 1, '\n'))),
            core::ErrorCode::Exhausted);
}

TEST(PrivateKey, MayStandBehindItsCurveAndOtherText) {
  const std::string curve = codec::to_pem("EC PARAMETERS", unhex("06082A8648CE3D030107"));
  const std::string key = codec::to_pem("EC PRIVATE KEY", unhex(sec1(p256_secret, name_p256)));
  EXPECT_TRUE(read(curve + key).has_value());
  EXPECT_TRUE(read("a remark\n" + key).has_value());
  EXPECT_EQ(refusal(read(curve)), core::ErrorCode::Malformed);
}

std::string recorded_key() {
  const Bytes text = codec::testing::vector_file("measurement/sig1.key.pem");
  return {text.begin(), text.end()};
}

TEST(PrivateKey, SignsAsARecordedKeyDid) {
  MERLON_NEEDS_VECTORS();
  const auto file = [](const std::string& name) {
    return codec::testing::vector_file("measurement/sig1." + name + ".bin");
  };
  const auto key = read(recorded_key());
  ASSERT_TRUE(key.has_value());
  Bytes modulus = key->rsa_public()->modulus;
  std::ranges::reverse(modulus);
  EXPECT_EQ(modulus, file("key_n"));
  const auto digest = Sha256Digest::from(file("data")).value();  // it is one already
  Bytes signature = key->sign_rsa_pkcs1(Digest::of(digest)).value();
  std::ranges::reverse(signature);
  EXPECT_EQ(signature, file("sig"));
}

TEST(PrivateKey, OfRsaIsAlsoReadInPkcs8) {
  MERLON_NEEDS_VECTORS();
  const auto der = codec::pem_blocks(recorded_key()).value()[0].bytes;
  const auto length = [](std::size_t size) { return "82" + byte(size >> 8U) + byte(size); };
  const std::string key = "04" + length(der.size()) + base::hex(der);
  const std::string body = "020100300D06092A864886F70D0101010500" + key;
  const auto wrapped = read("PRIVATE KEY", "30" + length(body.size() / 2) + body);
  ASSERT_TRUE(wrapped.has_value()) << wrapped.error().what;
  EXPECT_EQ(wrapped->rsa_public()->exponent, 3U);
}

TEST(PrivateKey, NumbersOfRsaMustBelongTogether) {
  MERLON_NEEDS_VECTORS();
  const auto der = codec::pem_blocks(recorded_key()).value()[0].bytes;
  for (std::size_t i = 0; i < der.size(); i += 173) {
    auto other = der;
    other[i] ^= 1U;
    EXPECT_FALSE(read(codec::to_pem("RSA PRIVATE KEY", other)).has_value()) << i;
  }
}

}  // namespace
}  // namespace merlon::crypto
