#include "merlon/os/random.h"

#include <algorithm>
#include <array>

#include <gtest/gtest.h>

namespace merlon::os {
namespace {

TEST(Random, FillsEveryByteAndNothingBehindThem) {
  std::array<std::uint8_t, 1026> bytes{};
  ASSERT_TRUE(fill_random(core::ByteSpan(bytes).first(1025)).has_value());
  // In 1025 random bytes a run of 16 zeros has a chance of about 2^-118.
  EXPECT_EQ(std::search_n(bytes.begin(), bytes.begin() + 1025, 16, 0), bytes.begin() + 1025);
  EXPECT_EQ(bytes[1025], 0);
}

TEST(Random, TwoDrawsDiffer) {
  std::array<std::uint8_t, 32> one{};
  std::array<std::uint8_t, 32> two{};
  ASSERT_TRUE(fill_random(one).has_value());
  ASSERT_TRUE(fill_random(two).has_value());
  EXPECT_NE(one, two);
}

}  // namespace
}  // namespace merlon::os
