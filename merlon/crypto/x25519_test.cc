#include "merlon/crypto/x25519.h"

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

}  // namespace
}  // namespace merlon::crypto
