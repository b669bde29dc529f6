#include "merlon/steward_service/renewals.h"

#include <gtest/gtest.h>

namespace merlon::steward_service {
namespace {

constexpr codec::UnixTime start{1'800'000'000};

codec::UnixTime after(std::int64_t seconds) { return {start.seconds + seconds}; }

/// When the first is due, looked for second by second in steps.
std::int64_t pause_of(const Renewals& renewals, std::int64_t from) {
  for (std::int64_t second = from; second < from + 2 * Renewals::usual; ++second) {
    if (renewals.due(after(second))) return second - from;
  }
  return -1;
}

TEST(Renewals, AllAreDueAtTheStart) {
  Renewals renewals({"Milan", "Genoa"}, [] { return 1.0; }, start);
  EXPECT_FALSE(renewals.due(start));
  ASSERT_EQ(renewals.due(after(3)), "Milan");
  renewals.note("Milan", true, std::nullopt, after(3));
  ASSERT_EQ(renewals.due(after(3)), "Genoa");
  renewals.note("Genoa", true, std::nullopt, after(3));
  EXPECT_FALSE(renewals.due(after(3)));
  renewals.note("nobody", true, std::nullopt, after(3));
}

TEST(Renewals, AreOnceADayAndAheadOfWhatEndsSoon) {
  for (const double random : {0.0, 0.5, 1.0}) {
    Renewals renewals({"Milan"}, [=] { return random; }, start);
    const auto expected = [&](std::int64_t pause) {
      return pause + static_cast<std::int64_t>(static_cast<double>(pause) / 10 * (2 * random - 1));
    };
    renewals.note("Milan", true, std::nullopt, start);
    EXPECT_EQ(pause_of(renewals, 0), expected(Renewals::usual));
    renewals.note("Milan", true, after(30 * Renewals::usual), start);
    EXPECT_EQ(pause_of(renewals, 0), expected(Renewals::usual));
    // Eight hours are left: two hours.
    renewals.note("Milan", true, after(8 * 3600), start);
    EXPECT_EQ(pause_of(renewals, 0), expected(2 * 3600));
    renewals.note("Milan", true, after(-5), start);
    EXPECT_EQ(pause_of(renewals, 0), expected(Renewals::soonest));
  }
}

TEST(Renewals, AfterAFailureSoonAtFirstAndThenMoreRarely) {
  Renewals renewals({"Milan"}, [] { return 0.5; }, start);
  std::vector<std::int64_t> pauses;
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(renewals.failures("Milan"), i);
    renewals.note("Milan", false, std::nullopt, start);
    pauses.push_back(pause_of(renewals, 0));
  }
  EXPECT_EQ(pauses, (std::vector<std::int64_t>{60, 120, 240, 480, 960, 1920, 3600, 3600}));
  renewals.note("Milan", true, std::nullopt, start);
  EXPECT_EQ(renewals.failures("Milan"), 0);
  renewals.note("Milan", false, std::nullopt, start);
  EXPECT_EQ(pause_of(renewals, 0), 60);
  EXPECT_EQ(renewals.failures("nobody"), 0);
}

}  // namespace
}  // namespace merlon::steward_service
