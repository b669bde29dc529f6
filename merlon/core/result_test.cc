#include "merlon/core/result.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace merlon::core {
namespace {

Result<int> half_of(int number) {
  if (number % 2 != 0) return error(ErrorCode::Malformed, "odd number", 7);
  return number / 2;
}

Result<int> quarter_of(int number) { return TRY(half_of(TRY(half_of(number)))); }

Result<void> expect_even(int number) {
  TRY(half_of(number));
  return {};
}

Result<std::unique_ptr<int>> boxed_half_of(int number) {
  return std::make_unique<int>(TRY(half_of(number)));
}

Result<int> unboxed_half_of(int number) {
  auto box = TRY(boxed_half_of(number));
  return *box;
}

struct Stop {
  int exit_code = 0;
};

Result<int, Stop> stopping(bool stop) {
  if (stop) return Stop{3};
  return 1;
}

/// Counts the objects alive, so that a Result that forgets one is seen.
struct Counted {
  static inline int alive = 0;
  Counted() { ++alive; }
  Counted(const Counted&) { ++alive; }
  Counted(Counted&&) noexcept { ++alive; }
  Counted& operator=(const Counted&) = default;
  Counted& operator=(Counted&&) noexcept = default;
  ~Counted() { --alive; }
};

TEST(Result, HoldsAValue) {
  const auto result = half_of(8);
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(static_cast<bool>(result));
  EXPECT_EQ(*result, 4);
}

TEST(Result, HoldsTheReasonWithItsDetailAndPlace) {
  const auto result = half_of(3);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::Malformed);
  EXPECT_EQ(result.error().message(), "odd number");
  EXPECT_EQ(result.error().detail, 7U);
  EXPECT_STREQ(result.error().where.file, "merlon/core/result_test.cc");
  EXPECT_GT(result.error().where.line, 0U);
}

TEST(Result, TryNestsAndHandsTheFirstErrorUp) {
  EXPECT_EQ(*quarter_of(12), 3);
  EXPECT_FALSE(quarter_of(7).has_value());
  EXPECT_FALSE(quarter_of(6).has_value());
}

TEST(Result, TryWorksOnResultsWithoutValue) {
  EXPECT_TRUE(expect_even(4).has_value());
  EXPECT_EQ(expect_even(5).error().message(), "odd number");
}

TEST(Result, TryMovesMoveOnlyValues) {
  EXPECT_EQ(*unboxed_half_of(10), 5);
  EXPECT_FALSE(unboxed_half_of(11).has_value());
}

TEST(Result, CarriesErrorTypesOfOtherDomains) {
  EXPECT_EQ(*stopping(false), 1);
  EXPECT_EQ(stopping(true).error().exit_code, 3);
}

TEST(Result, ValueOrGivesTheFallbackOnlyWithoutValue) {
  EXPECT_EQ(half_of(4).value_or(9), 2);
  EXPECT_EQ(half_of(5).value_or(9), 9);
}

TEST(Result, AssignmentReplacesValueByErrorAndBack) {
  Result<std::string> result = std::string("text");
  result = Result<std::string>(error(ErrorCode::NotFound, "gone"));
  EXPECT_EQ(result.error().code, ErrorCode::NotFound);
  result = Result<std::string>(std::string("back"));
  EXPECT_EQ(*result, "back");
}

TEST(Result, CopyOwnsItsOwnValue) {
  Result<std::string> first = std::string("one");
  const Result<std::string> second = first;  // NOLINT(performance-unnecessary-copy-initialization)
  *first = "changed";
  EXPECT_EQ(*second, "one");
}

TEST(Result, DestroysWhatItHoldsExactlyOnce) {
  {
    Result<Counted> result = Counted{};
    Result<Counted> moved = std::move(result);
    moved = Result<Counted>(error(ErrorCode::Internal, "x"));
  }
  EXPECT_EQ(Counted::alive, 0);
}

TEST(ResultDeathTest, ReadingTheSideThatIsNotThereAborts) {
  EXPECT_DEATH(static_cast<void>(half_of(3).value()), "");
  EXPECT_DEATH(static_cast<void>(half_of(4).error()), "");
}

}  // namespace
}  // namespace merlon::core
