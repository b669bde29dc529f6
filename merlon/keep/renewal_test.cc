#include "merlon/keep/renewal.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace merlon::keep {
namespace {

constexpr std::int64_t now = 1'700'000'000;

TEST(RenewalTime, IsTwoThirdsOfTheLifeATenthMoreOrLess) {
  constexpr std::int64_t life = 86'400;
  std::mt19937 random(3);
  std::int64_t first = life;
  std::int64_t last = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::int64_t after =
        renewal_time(now, now + life, static_cast<std::uint32_t>(random())) - now;
    EXPECT_GE(after, life * 56 / 100);
    EXPECT_LE(after, life * 77 / 100);
    first = std::min(first, after);
    last = std::max(last, after);
  }
  EXPECT_GE(last - first, life * 15 / 100) << "a thousand keeps that start together ask together";
  EXPECT_EQ(renewal_time(now, now - 5, 7), now) << "of what is over already: at once";
}

TEST(RetryTime, ComesSoonAndThenMoreRarelyButNotTooLate) {
  constexpr std::int64_t life = 86'400;
  std::int64_t before = 0;
  for (unsigned failures = 1; failures < 12; ++failures) {
    const std::int64_t after = retry_time(now, now + life, failures, 0) - now;
    EXPECT_GE(after, before);
    EXPECT_LE(after, 3600 + 1800);
    before = after;
  }
  EXPECT_EQ(retry_time(now, now + life, 1, 0) - now, 5);
  EXPECT_LE(retry_time(now, now + 40, 10, 500) - now, 10) << "four tries are left";
  EXPECT_EQ(retry_time(now, now - 100, 1, 0) - now, 5) << "after the end it still goes on";
  EXPECT_EQ(retry_time(now, now - 100, 10, 0) - now, 300)
      << "and not too often, for there are many";
  EXPECT_EQ(retry_time(now, now, 10, 500) - now, 450);
}

TEST(Problem, IsToldByItsCodeAndDetail) {
  EXPECT_EQ(problem_text(core::as_bytes(R"({"code": "snp.debug", "detail": "no", "x": 1})")),
            "snp.debug: no");
  EXPECT_EQ(problem_text(core::as_bytes(R"({"detail": "no"})")), "no");
  EXPECT_EQ(problem_text(core::as_bytes(R"({"code": 7})")), "");
  EXPECT_EQ(problem_text(core::as_bytes("not json")), "");
  const std::string longest(2000, 'x');
  EXPECT_EQ(problem_text(core::as_bytes("{\"detail\": \"" + longest + "\"}")).size(), 300U);
}

}  // namespace
}  // namespace merlon::keep
