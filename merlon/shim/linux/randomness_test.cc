#include "merlon/shim/linux/randomness.h"

#include <gtest/gtest.h>

#include "merlon/shim/linux/testing/machine.h"

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

TEST(Randomness, ASourceThatHasNothingIsAskedAgain) {
  testing::Machine machine;
  machine.random = {std::nullopt, 0, std::nullopt, 5, 5, 6};
  EXPECT_EQ(hardware_random(), 5U);
  EXPECT_EQ(hardware_random(), 6U) << "not the same again";
}

TEST(Randomness, ASourceThatStaysBrokenEndsTheKeep) {
  testing::Machine machine;
  machine.random.assign(999, 0);
  machine.random.push_back(3);
  EXPECT_EQ(hardware_random(), 3U);
  machine.random.assign(1000, std::nullopt);
  EXPECT_EXIT(static_cast<void>(hardware_random()), ::testing::ExitedWithCode(125),
              "the processor's random numbers have run out");
}

}  // namespace
}  // namespace merlon::shim::linux
