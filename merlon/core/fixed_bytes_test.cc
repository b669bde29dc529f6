#include "merlon/core/fixed_bytes.h"

#include <gtest/gtest.h>

namespace merlon::core {
namespace {

using Four = FixedBytes<struct FourTag, 4>;

TEST(FixedBytes, TakesExactlyItsSize) {
  const std::array<std::uint8_t, 5> bytes{1, 2, 3, 4, 5};
  EXPECT_FALSE(Four::from(ByteView(bytes)).has_value());
  EXPECT_FALSE(Four::from(ByteView(bytes).first(3)).has_value());
  const auto four = Four::from(ByteView(bytes).first(4));
  ASSERT_TRUE(four.has_value());
  EXPECT_EQ(four->view()[3], 4);
  EXPECT_FALSE(four->is_zero());
  EXPECT_TRUE(Four{}.is_zero());
  EXPECT_NE(*four, Four{});
}

TEST(FixedBytes, ReadsAndMovesOn) {
  const std::array<std::uint8_t, 6> bytes{1, 2, 3, 4, 5, 6};
  Reader reader{ByteView(bytes)};
  EXPECT_TRUE(Four::read(reader).has_value());
  EXPECT_EQ(reader.remaining(), 2U);
  EXPECT_FALSE(Four::read(reader).has_value());
  EXPECT_EQ(reader.remaining(), 2U);
}

TEST(FixedBytes, EachMeaningIsATypeOfItsOwn) {
  using Other = FixedBytes<struct OtherTag, 4>;
  EXPECT_FALSE((std::is_convertible_v<Four, Other>));
  EXPECT_FALSE((std::is_constructible_v<Four, Other>));
}

}  // namespace
}  // namespace merlon::core
