#include "merlon/pool/rest.h"

#include <gtest/gtest.h>

namespace merlon::pool {
namespace {

constexpr std::uint64_t now = 1'000'000'000'000;

TEST(Rest, HoldsOnlyAfterAFailure) {
  Rest rest;
  EXPECT_FALSE(rest.holds(now));
  rest.failed(now);
  EXPECT_TRUE(rest.holds(now + Rest::shortest - 1));
  EXPECT_FALSE(rest.holds(now + Rest::shortest));
}

TEST(Rest, TellsWhatIsLeftOfIt) {
  Rest rest;
  EXPECT_EQ(rest.left(now), 0U);
  rest.failed(now);
  EXPECT_EQ(rest.left(now), Rest::shortest);
  EXPECT_EQ(rest.left(now + Rest::shortest - 1), 1U);
  EXPECT_EQ(rest.left(now + Rest::shortest + 1), 0U);
}

TEST(Rest, DoublesWithEachFailureUpToTheLongest) {
  Rest rest;
  std::uint64_t at = now;
  for (std::uint64_t length = Rest::shortest; length < Rest::longest; length *= 2) {
    rest.failed(at);
    EXPECT_TRUE(rest.holds(at + length - 1));
    EXPECT_FALSE(rest.holds(at + length));
    at += length;
  }
  for (int again = 0; again < 100; ++again) {
    rest.failed(at);
    EXPECT_TRUE(rest.holds(at + Rest::longest - 1));
    EXPECT_FALSE(rest.holds(at + Rest::longest));
    at += Rest::longest;
  }
}

TEST(Rest, IsShortAgainAfterASuccess) {
  Rest rest;
  for (int time = 0; time < 5; ++time) rest.failed(now);
  rest.succeeded();
  rest.failed(now);
  EXPECT_FALSE(rest.holds(now + Rest::shortest));
}

}  // namespace
}  // namespace merlon::pool
