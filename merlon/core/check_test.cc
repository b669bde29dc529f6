#include "merlon/core/check.h"

#include <gtest/gtest.h>

namespace merlon::core {
namespace {

TEST(Check, HoldingConditionsPass) { MERLON_CHECK(1 + 1 == 2); }

TEST(CheckDeathTest, BrokenInvariantsEndTheProgramInEveryBuild) {
  EXPECT_DEATH(MERLON_CHECK(1 + 1 == 3), "");
}

}  // namespace
}  // namespace merlon::core
