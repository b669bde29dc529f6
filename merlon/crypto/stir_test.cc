#include "merlon/crypto/stir.h"

#include <array>

#include <gtest/gtest.h>

#include "merlon/crypto/private_key.h"

namespace merlon::crypto {
namespace {

TEST(Stir, KeysAreAsDifferentAsBefore) {
  const std::array<std::uint8_t, 96> zeros{};
  ASSERT_TRUE(stir(zeros));
  const auto one = PrivateKey::generate(KeyKind::P384);
  ASSERT_TRUE(stir(zeros));
  const auto other = PrivateKey::generate(KeyKind::P384);
  ASSERT_TRUE(one && other);
  EXPECT_NE(one->point().value(), other->point().value());
  EXPECT_TRUE(stir({}));
}

}  // namespace
}  // namespace merlon::crypto
