#include "merlon/shim/linux/randomness.h"

#include <gtest/gtest.h>

namespace merlon::shim::linux {
namespace {

TEST(Randomness, ZerosOnesAndRepeatsAreNotTaken) {
  Randomness randomness;
  EXPECT_FALSE(randomness.takes(0));
  EXPECT_FALSE(randomness.takes(~std::uint64_t{0}));
  EXPECT_TRUE(randomness.takes(7));
  EXPECT_FALSE(randomness.takes(7));
  EXPECT_FALSE(randomness.takes(7));
  EXPECT_TRUE(randomness.takes(8));
  EXPECT_TRUE(randomness.takes(7));
}

}  // namespace
}  // namespace merlon::shim::linux
