#include "merlon/base/budget.h"

#include <gtest/gtest.h>

namespace merlon::base {
namespace {

class Hundred final : public Budget {
 public:
  bool take(std::uint64_t bytes) override {
    if (bytes > left) return false;
    left -= bytes;
    return true;
  }
  void give_back(std::uint64_t bytes) noexcept override { left += bytes; }

  std::uint64_t left = 100;
};

TEST(Share, TakesWhatThereIsAndGivesItBack) {
  Hundred budget;
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
  Hundred budget;
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
