#include "merlon/crypto/x25519.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace merlon::crypto {
namespace {

TEST(X25519, EachKeyIsAnother) {
  const auto one = X25519Key::generate();
  const auto two = X25519Key::generate();
  ASSERT_TRUE(one.has_value());
  ASSERT_TRUE(two.has_value());
  EXPECT_NE(one->public_key(), two->public_key());
  EXPECT_NE(one->public_key(), X25519PublicKey{});
}

TEST(X25519, AgreesWithTheOtherSide) {
  const auto one = X25519Key::generate().value();
  const auto other = X25519Key::generate().value();
  const auto here = one.agree_with(other.public_key()).value();
  const auto there = other.agree_with(one.public_key()).value();
  EXPECT_TRUE(std::ranges::equal(here.reveal(), there.reveal()));
}

TEST(X25519, AgreesWithNobodyOnceItIsForgotten) {
  auto key = X25519Key::generate().value();
  const auto public_key = key.public_key();
  key.forget();
  EXPECT_EQ(key.public_key(), public_key);
  EXPECT_EQ(key.agree_with(public_key).error().code, core::ErrorCode::Denied);
}

TEST(X25519, OfASecretHasItsSize) {
  EXPECT_FALSE(X25519Key::from_secret(std::vector<std::uint8_t>(31)));
  EXPECT_FALSE(X25519Key::from_secret({}));
}

}  // namespace
}  // namespace merlon::crypto
