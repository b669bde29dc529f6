#include "merlon/crypto/p256_scalar.h"

#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"

namespace merlon::crypto {
namespace {

P256Scalar scalar(std::string_view hex) {
  return P256Scalar::decode(codec::decode_hex(hex).value()).value();
}

std::string hex(const P256Scalar& scalar) { return base::hex(scalar.encode().view()); }

constexpr std::string_view order =
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

// Computed by Python's integers.
TEST(P256Scalar, ComputesModuloTheOrder) {
  const auto a = scalar("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb");
  const auto b = scalar("0ccc10c079d57bcea29b16e42a5a07e1c516a014518a94e4b1436c48d6bed0dc");
  EXPECT_EQ(hex(a + b), "d76391d343f139999d5d4897c47de42f6c9d900c6606e3576ac3e3ce86ad1997");
  EXPECT_EQ(hex(a - b), "bdcb7052504641fc58271acf6fc9d46be2704fe3c2f1b98e083d0b3cd92f77df");
  EXPECT_EQ(hex(a * b), "4d3e72516f547965c64e143080461a3f00b560027a296d69917ab3b73417b66a");
  EXPECT_EQ(hex(a.inverse()), "4cb0f650ab1bde36888818e8ac276c8b7ee36a53fcf5e3891e4bf532c53bf790");
  EXPECT_EQ(b - a + a, b);
  EXPECT_TRUE((a + (-a)).is_zero());
  EXPECT_EQ(a * a.inverse(), P256Scalar(1));
  EXPECT_TRUE(P256Scalar().inverse().is_zero());
}

TEST(P256Scalar, HasOneEncodingForEachNumber) {
  EXPECT_FALSE(P256Scalar::decode(codec::decode_hex(order).value()));
  EXPECT_FALSE(P256Scalar::decode(std::vector<std::uint8_t>(32, 0xff)));
  EXPECT_FALSE(P256Scalar::decode(std::vector<std::uint8_t>(31, 0)));
  EXPECT_FALSE(P256Scalar::decode(std::vector<std::uint8_t>(33, 0)));
  EXPECT_TRUE(P256Scalar::decode(std::vector<std::uint8_t>(32, 0)).value().is_zero());
  const auto largest = -P256Scalar(1);
  EXPECT_EQ(hex(largest), std::string(order.substr(0, 63)) + "0");
  EXPECT_EQ(P256Scalar::decode(largest.encode().view()).value(), largest);
  EXPECT_TRUE((largest + P256Scalar(1)).is_zero());
  EXPECT_EQ(largest * largest, P256Scalar(1));
}

TEST(P256Scalar, ReducesWhatHashesGive) {
  std::array<std::uint8_t, 48> bytes{};
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{1});
  EXPECT_EQ(hex(P256Scalar::reduce_big_endian(bytes)),
            "185bb819b6065810af9bb667d1070711af70bf5a9ee0802ebfa3354ec1926898");
  EXPECT_EQ(hex(P256Scalar::reduce_little_endian(bytes)),
            "f488f698cd594c422395658d524efaf773b1377d61322e8d300810e37d624869");
  bytes.fill(0xff);
  EXPECT_EQ(hex(P256Scalar::reduce_big_endian(bytes)),
            "431905529c0166ce652e96b7ccca0a99679b73e19ad16947f01cf013fc632550");
}

TEST(P256Scalar, IsAnotherEachTime) {
  const auto one = P256Scalar::random();
  const auto other = P256Scalar::random();
  ASSERT_TRUE(one && other);
  EXPECT_FALSE(*one == *other);
}

TEST(P256Scalar, IsNeverShortForAMultiplication) {
  P256Scalar power(1);
  for (int bit = 0; bit < 256; ++bit, power = power + power) {
    EXPECT_NE(power.full_width()[3] >> 32U, 0U) << bit;
  }
  EXPECT_NE(P256Scalar().full_width()[3], 0U);
}

}  // namespace
}  // namespace merlon::crypto
