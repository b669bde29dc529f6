#include "merlon/base/budget.h"

#include <gtest/gtest.h>

#include "merlon/base/testing/limited_budget.h"

namespace merlon::base {
namespace {

using testing::LimitedBudget;

TEST(Share, TakesWhatThereIsAndGivesItBack) {
  LimitedBudget budget(100);
  {
    Share one(&budget);
    EXPECT_TRUE(one.resize(60));
    Share other(&budget);
    EXPECT_FALSE(other.resize(41));
    EXPECT_TRUE(other.resize(40));
    EXPECT_FALSE(one.resize(61));
    EXPECT_TRUE(one.resize(10));
    EXPECT_EQ(budget.left, 50U);
  }
  EXPECT_EQ(budget.left, 100U);
}

TEST(Share, IsGivenBackOnceWhereverItIsMoved) {
  LimitedBudget budget(100);
  Share one(&budget);
  ASSERT_TRUE(one.resize(60));
  Share other(&budget);
  ASSERT_TRUE(other.resize(10));
  other = std::move(one);
  Share third(std::move(other));
  EXPECT_TRUE(third.resize(50));
  one = Share();
  EXPECT_EQ(budget.left, 50U);
  EXPECT_TRUE(third.resize(0));
  EXPECT_EQ(budget.left, 100U);
}

TEST(Share, OfNobodyHasNoEnd) {
  Share share;
  EXPECT_TRUE(share.resize(~std::uint64_t{0}));
}

}  // namespace
}  // namespace merlon::base
