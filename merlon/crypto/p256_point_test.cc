#include "merlon/crypto/p256_point.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"

namespace merlon::crypto {
namespace {

TEST(P256Point, MultipliesSmallNumbersToo) {
  const P256Point& generator = P256Point::generator();
  P256Point sum;
  EXPECT_TRUE(sum.is_identity());
  for (std::uint64_t i = 0; i < 40; ++i, sum = sum + generator) {
    EXPECT_EQ(P256Point::times_generator(P256Scalar(i)), sum) << i;
    EXPECT_EQ(P256Scalar(i) * generator, sum) << i;
    EXPECT_EQ(P256Point::combine(P256Scalar(i), sum, P256Scalar()), sum) << i;
    EXPECT_EQ(P256Point::combine(-P256Scalar(i), sum, P256Scalar(1)), P256Point()) << i;
  }
}

TEST(P256Point, IsAGroup) {
  const auto a = P256Scalar::random().value();
  const auto b = P256Scalar::random().value();
  const P256Point p = P256Point::times_generator(a);
  EXPECT_EQ(P256Point::combine(b, p, b), P256Point::times_generator(b + b * a));
  EXPECT_EQ(b * p - p, (b - P256Scalar(1)) * p);
  EXPECT_TRUE((p - p).is_identity());
  EXPECT_EQ(p + P256Point(), p);
  EXPECT_EQ(-p + p, P256Point());
  EXPECT_TRUE((P256Scalar() * p).is_identity());
  EXPECT_EQ(-P256Scalar(1) * p, -p);
}

TEST(P256Point, HasOneEncodingAndTheIdentityNone) {
  const P256Point p = P256Point::times_generator(P256Scalar(7));
  const auto encoded = p.encode().value();
  EXPECT_EQ(P256Point::decode(encoded.view()).value(), p);
  EXPECT_FALSE(P256Point().encode());
  const auto refused = [](std::string_view hex) {
    return !P256Point::decode(codec::decode_hex(hex).value());
  };
  const std::string x = base::hex(encoded.view()).substr(2);
  EXPECT_TRUE(refused(""));
  EXPECT_TRUE(refused("00"));
  EXPECT_TRUE(refused("00" + x));
  EXPECT_TRUE(refused("04" + x));
  EXPECT_TRUE(refused("06" + x));
  EXPECT_TRUE(refused("02" + x + "00"));
  EXPECT_TRUE(refused("02" + x.substr(2)));
  EXPECT_TRUE(refused("02" + std::string(64, 'f')));
  EXPECT_TRUE(refused("02ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"));  // p
  EXPECT_TRUE(
      refused("020000000000000000000000000000000000000000000000000000000000000001"));  // none
  EXPECT_EQ(P256Point::decode(codec::decode_hex((encoded.view()[0] == 2 ? "03" : "02") + x).value())
                .value(),
            -p);
}

TEST(P256Point, OfTheGeneratorIsTheStandards) {
  EXPECT_EQ(base::hex(P256Point::generator().encode().value().view()),
            "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296");
}

}  // namespace
}  // namespace merlon::crypto
