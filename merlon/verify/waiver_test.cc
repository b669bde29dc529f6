#include <array>

#include <gtest/gtest.h>

#include "merlon/verify/policy.h"

namespace merlon::verify {
namespace {

TEST(Waiver, CountsUpToItsLastSecondAndByItsWholeName) {
  const std::array<Waiver, 2> waivers{Waiver{"INTEL-SA-1", {100}}, Waiver{"INTEL-SA-2", {200}}};
  EXPECT_NE(find_waiver(waivers, "INTEL-SA-1", {100}), nullptr);
  EXPECT_EQ(find_waiver(waivers, "INTEL-SA-1", {101}), nullptr);
  EXPECT_NE(find_waiver(waivers, "INTEL-SA-2", {101}), nullptr);
  EXPECT_EQ(find_waiver(waivers, "INTEL-SA-", {1}), nullptr);
  EXPECT_EQ(find_waiver(waivers, "INTEL-SA-11", {1}), nullptr);
  EXPECT_EQ(find_waiver({}, "INTEL-SA-1", {1}), nullptr);
}

TEST(Waiver, OfTwoOfOneNameTheLongerCounts) {
  const std::array<Waiver, 2> waivers{Waiver{"A", {100}}, Waiver{"A", {200}}};
  EXPECT_EQ(find_waiver(waivers, "A", {50})->until.seconds, 200);
}

}  // namespace
}  // namespace merlon::verify
