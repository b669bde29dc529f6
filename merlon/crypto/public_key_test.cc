#include "merlon/crypto/public_key.h"

#include <vector>

#include <gtest/gtest.h>

namespace merlon::crypto {
namespace {

std::vector<std::uint8_t> unhex(std::string_view text) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(
        static_cast<std::uint8_t>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

// [RFC6979 §A.2.5] P-256, SHA-256, message "sample".
const std::string p256_point =
    "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299";
const std::string p256_signature =
    "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
    "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8";

// [RFC6979 §A.2.6] P-384, SHA-384, message "sample".
const std::string p384_point =
    "EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64"
    "DEF8F0EA9055866064A254515480BC13"
    "8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1"
    "288B231C3AE0D4FE7344FD2533264720";
const std::string p384_signature =
    "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C"
    "81A648152E44ACF96E36DD1E80FABE46"
    "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94F"
    "A329C145786E679E7B82C71A38628AC8";

bool verifies(KeyKind kind, const std::vector<std::uint8_t>& point, const Digest& digest,
              const std::vector<std::uint8_t>& signature) {
  const auto key = PublicKey::ec(kind, point);
  const auto halves = EcdsaSignature::from_halves(signature);
  return key.has_value() && halves.has_value() && key->verify_ecdsa(digest, *halves);
}

TEST(PublicKey, EcdsaVectorsVerify) {
  const auto sample = core::as_bytes("sample");
  EXPECT_TRUE(verifies(KeyKind::P256, unhex(p256_point), Digest::of(HashKind::Sha256, sample),
                       unhex(p256_signature)));
  EXPECT_TRUE(verifies(KeyKind::P384, unhex(p384_point), Digest::of(HashKind::Sha384, sample),
                       unhex(p384_signature)));
}

TEST(PublicKey, EveryBitOfAnEcdsaSignatureCounts) {
  const Digest digest = Digest::of(HashKind::Sha256, core::as_bytes("sample"));
  const auto key = PublicKey::ec(KeyKind::P256, unhex(p256_point)).value();
  auto signature = unhex(p256_signature);
  for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
    signature[bit / 8] = static_cast<std::uint8_t>(signature[bit / 8] ^ 1U << bit % 8);
    EXPECT_FALSE(key.verify_ecdsa(digest, *EcdsaSignature::from_halves(signature))) << bit;
    signature[bit / 8] = static_cast<std::uint8_t>(signature[bit / 8] ^ 1U << bit % 8);
  }
}

TEST(PublicKey, ZeroAndOutOfRangeSignaturesAreRefused) {
  const Digest digest = Digest::of(HashKind::Sha256, core::as_bytes("sample"));
  const auto key = PublicKey::ec(KeyKind::P256, unhex(p256_point)).value();
  const std::vector<std::uint8_t> zero(64, 0);
  const std::vector<std::uint8_t> ones(64, 0xFF);
  EXPECT_FALSE(key.verify_ecdsa(digest, *EcdsaSignature::from_halves(zero)));
  EXPECT_FALSE(key.verify_ecdsa(digest, *EcdsaSignature::from_halves(ones)));
  EXPECT_FALSE(key.verify_ecdsa(digest, {}));
  EXPECT_FALSE(EcdsaSignature::from_halves(std::vector<std::uint8_t>(63)).has_value());
}

TEST(PublicKey, PointsMustLieOnTheCurve) {
  auto point = unhex(p256_point);
  EXPECT_FALSE(PublicKey::ec(KeyKind::P384, point).has_value());
  EXPECT_FALSE(PublicKey::ec(KeyKind::Rsa, point).has_value());
  EXPECT_FALSE(PublicKey::ec(KeyKind::P256, std::vector<std::uint8_t>(64, 0)).has_value());
  point[63] ^= 1U;
  EXPECT_FALSE(PublicKey::ec(KeyKind::P256, point).has_value());
}

TEST(PublicKey, RsaKeysHaveAKnownShape) {
  std::vector<std::uint8_t> modulus(512, 0xFF);
  const std::vector<std::uint8_t> f4{1, 0, 1};
  EXPECT_TRUE(PublicKey::rsa(modulus, f4).has_value());
  EXPECT_FALSE(PublicKey::rsa(modulus, std::vector<std::uint8_t>{3}).has_value());
  EXPECT_FALSE(PublicKey::rsa(std::vector<std::uint8_t>(128, 0xFF), f4).has_value());
  EXPECT_FALSE(PublicKey::rsa(std::vector<std::uint8_t>(513, 0xFF), f4).has_value());
  const auto key = PublicKey::rsa(modulus, f4).value();
  const Digest digest = Digest::of(HashKind::Sha384, core::as_bytes("x"));
  EXPECT_FALSE(key.verify_rsa_pss(digest, 48, modulus));
  EXPECT_FALSE(key.verify_rsa_pkcs1(digest, {}));
  EXPECT_FALSE(key.verify_ecdsa(digest, *EcdsaSignature::from_halves(modulus)));
}

}  // namespace
}  // namespace merlon::crypto
