#include "merlon/crypto/aes_cmac.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"

namespace merlon::crypto {
namespace {

// [RFC4493 §4]
TEST(AesCmac, IsThatOfTheStandard) {
  const auto key = codec::decode_hex("2b7e151628aed2a6abf7158809cf4f3c").value();
  const auto message = codec::decode_hex(
                           "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                           "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710")
                           .value();
  const auto of = [&](std::size_t size) {
    return base::hex(aes_cmac(key, core::ByteView(message).first(size)).view());
  };
  EXPECT_EQ(of(0), "bb1d6929e95937287fa37d129b756746");
  EXPECT_EQ(of(16), "070a16b46b4d4144f79bdd9dd04a287c");
  EXPECT_EQ(of(40), "dfa66747de9ae63030ca32611497c827");
  EXPECT_EQ(of(64), "51f0bebf7e3b9d92fc49741779363cfe");
}

TEST(AesCmac, CodesAreTheSameOnlyInEveryByte) {
  std::array<std::uint8_t, 16> one{};
  std::array<std::uint8_t, 16> other{};
  EXPECT_TRUE(is_same(one, other));
  for (std::uint8_t& byte : other) {
    byte = 1;
    EXPECT_FALSE(is_same(one, other));
    byte = 0;
  }
  EXPECT_FALSE(is_same(one, core::ByteView(other).first(15)));
}

}  // namespace
}  // namespace merlon::crypto
