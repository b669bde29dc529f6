#include "merlon/crypto/public_half.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"
#include "merlon/codec/pem.h"
#include "merlon/crypto/private_key.h"

namespace merlon::crypto {
namespace {

core::Result<PublicHalf> read(std::string_view text) {
  return public_half_from_pem(core::as_bytes(text));
}
core::Result<PublicHalf> read(std::string_view label, std::string_view hex) {
  return read(codec::to_pem(label, codec::decode_hex(hex).value()));
}
core::ErrorCode refusal(const core::Result<PublicHalf>& half) {
  EXPECT_FALSE(half.has_value());
  return half ? core::ErrorCode::Internal : half.error().code;
}

std::string element(std::string_view tag, const std::string& content) {
  const std::size_t size = content.size() / 2;
  const auto low = static_cast<std::uint8_t>(size);
  const auto high = static_cast<std::uint8_t>(size >> 8U);
  if (size < 128) return base::concat(tag, base::hex(std::array{low}), content);
  if (size < 256) return base::concat(tag, "81", base::hex(std::array{low}), content);
  return base::concat(tag, "82", base::hex(std::array{high, low}), content);
}

const std::string ec_p256 = "301306072A8648CE3D020106082A8648CE3D030107";
const std::string ec_p384 = "301006072A8648CE3D020106052B81040022";
const std::string ec_p521 = "301006072A8648CE3D020106052B81040023";
const std::string rsa = "300D06092A864886F70D0101010500";
const std::string rsa_without_null = "300B06092A864886F70D010101";

/// SubjectPublicKeyInfo.
std::string info(const std::string& algorithm, const std::string& key) {
  return element("30", algorithm + element("03", "00" + key));
}
std::string point_of(const PrivateKey& key) { return "04" + base::hex(key.point().value()); }
/// RSAPublicKey.
std::string rsa_key(const std::string& modulus, std::string_view exponent) {
  return element("30", element("02", modulus) + element("02", std::string(exponent)));
}
std::string modulus_of_bits(std::size_t bits) { return "00" + std::string(bits / 4, 'c'); }

TEST(PublicHalf, OfEachKindOfPrivateKeyIsWhatTheKeyTells) {
  for (const KeyKind kind : {KeyKind::P256, KeyKind::P384}) {
    const auto key = PrivateKey::generate(kind).value();
    const auto text = key.to_pem().value();
    const EcPublicHalf wanted{kind, key.point().value()};
    EXPECT_EQ(public_half_from_pem(text.reveal()).value(), PublicHalf(wanted));
    const auto& algorithm = kind == KeyKind::P256 ? ec_p256 : ec_p384;
    EXPECT_EQ(read("PUBLIC KEY", info(algorithm, point_of(key))).value(), PublicHalf(wanted));
  }
  const auto key = PrivateKey::generate(KeyKind::Rsa).value();
  const auto text = key.to_pem().value();
  const PublicHalf wanted(key.rsa_public().value());
  EXPECT_EQ(public_half_from_pem(text.reveal()).value(), wanted);
  const std::string both = rsa_key("00" + base::hex(key.rsa_public()->modulus), "03");
  EXPECT_EQ(read("PUBLIC KEY", info(rsa, both)).value(), wanted);
  EXPECT_EQ(read("RSA PUBLIC KEY", both).value(), wanted);
}

TEST(PublicHalf, OfAPointThatIsNotOnItsCurveIsRefused) {
  const auto key = PrivateKey::generate(KeyKind::P384).value();
  std::string point = point_of(key);
  point.back() = point.back() == '0' ? '1' : '0';
  EXPECT_EQ(refusal(read("PUBLIC KEY", info(ec_p384, point))), core::ErrorCode::Malformed);
  EXPECT_EQ(refusal(read("PUBLIC KEY", info(ec_p256, point_of(key)))), core::ErrorCode::Malformed);
  EXPECT_EQ(refusal(read("PUBLIC KEY", info(ec_p521, point_of(key)))),
            core::ErrorCode::Unsupported);
  const std::string compressed = "02" + point_of(key).substr(2, 96);
  EXPECT_EQ(refusal(read("PUBLIC KEY", info(ec_p384, compressed))), core::ErrorCode::Unsupported);
}

TEST(PublicHalf, OfRsaOfOtherSizesAndExponentsIsRefused) {
  EXPECT_TRUE(read("RSA PUBLIC KEY", rsa_key(modulus_of_bits(2048), "010001")).has_value());
  EXPECT_TRUE(read("RSA PUBLIC KEY", rsa_key(modulus_of_bits(4096), "03")).has_value());
  for (const auto& [bits, exponent] :
       {std::pair<std::size_t, std::string_view>{2040, "03"}, {4104, "03"}, {3072, "11"}}) {
    EXPECT_EQ(refusal(read("RSA PUBLIC KEY", rsa_key(modulus_of_bits(bits), exponent))),
              core::ErrorCode::Unsupported);
  }
  const std::string of_2047_bits = "7f" + std::string(510, 'c');
  EXPECT_EQ(refusal(read("RSA PUBLIC KEY", rsa_key(of_2047_bits, "03"))),
            core::ErrorCode::Unsupported);
  const std::string below_zero = std::string(768, 'c');
  EXPECT_EQ(refusal(read("RSA PUBLIC KEY", rsa_key(below_zero, "03"))), core::ErrorCode::Malformed);
  EXPECT_EQ(
      refusal(read("PUBLIC KEY", info(rsa_without_null, rsa_key(modulus_of_bits(3072), "03")))),
      core::ErrorCode::Malformed);
}

TEST(PublicHalf, WhatIsNoKeyIsSaidToBeNone) {
  EXPECT_EQ(refusal(read("")), core::ErrorCode::Malformed);
  EXPECT_EQ(refusal(read("no PEM")), core::ErrorCode::Malformed);
  EXPECT_EQ(refusal(read("CERTIFICATE", "3000")), core::ErrorCode::NotFound);
  EXPECT_EQ(refusal(read("PUBLIC KEY", "3000")), core::ErrorCode::Malformed);
  EXPECT_EQ(refusal(read("ENCRYPTED PRIVATE KEY", "3000")), core::ErrorCode::Denied);
}

TEST(PublicHalf, BesideAPrivateKeyThatIsNotTheFirstIsNotLookedFor) {
  const auto key = PrivateKey::generate(KeyKind::P384).value();
  const auto secret = key.to_pem().value();
  const std::string both = codec::to_pem("PUBLIC KEY", codec::decode_hex("3000").value()) +
                           std::string(core::as_text(secret.reveal()));
  EXPECT_EQ(refusal(read(both)), core::ErrorCode::NotFound);
}

}  // namespace
}  // namespace merlon::crypto
