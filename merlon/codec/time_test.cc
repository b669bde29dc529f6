#include "merlon/codec/time.h"

#include <gtest/gtest.h>

namespace merlon::codec {
namespace {

TEST(Time, TextAndSecondsAgree) {
  for (const auto& [text, seconds] :
       {std::pair{"1970-01-01T00:00:00Z", 0LL}, std::pair{"2000-02-29T12:34:56Z", 951'827'696LL},
        std::pair{"1969-12-31T23:59:59Z", -1LL},
        std::pair{"2049-12-31T23:59:59Z", 2'524'607'999LL}}) {
    const auto time = parse_rfc3339(text);
    ASSERT_TRUE(time.has_value()) << text;
    EXPECT_EQ(time->seconds, seconds);
    EXPECT_EQ(to_rfc3339(*time), text);
  }
}

TEST(Time, ADateIsItsFirstSecond) {
  EXPECT_EQ(parse_rfc3339("2025-06-20")->seconds, parse_rfc3339("2025-06-20T00:00:00Z")->seconds);
}

TEST(Time, WhatIsNoTimeIsRefused) {
  for (const char* text :
       {"", "2025", "2025-13-01", "2025-02-29", "2025-00-10", "2025-01-01T24:00:00Z",
        "2025-01-01T00:60:00Z", "2025-01-01T00:00:60Z", "2025-01-01T00:00:00",
        "2025-01-01t00:00:00z", "2025-01-01T00:00:00+00:00", "2025-01-01T00:00:00.5Z",
        " 2025-01-01", "20250101000000Z"}) {
    EXPECT_FALSE(parse_rfc3339(text).has_value()) << text;
  }
}

TEST(Time, UtcTimeHasACenturyOfTwoHalves) {
  EXPECT_EQ(to_rfc3339(*parse_utc_time("491231235959Z")), "2049-12-31T23:59:59Z");
  EXPECT_EQ(to_rfc3339(*parse_utc_time("500101000000Z")), "1950-01-01T00:00:00Z");
  EXPECT_FALSE(parse_utc_time("4912312359Z").has_value());
  EXPECT_FALSE(parse_utc_time("491231235959+0000").has_value());
}

TEST(Time, GeneralizedTimeHasNoFraction) {
  EXPECT_EQ(to_rfc3339(*parse_generalized_time("20500101000000Z")), "2050-01-01T00:00:00Z");
  EXPECT_FALSE(parse_generalized_time("20500101000000.0Z").has_value());
  EXPECT_FALSE(parse_generalized_time("2050010100000Z").has_value());
}

TEST(Time, EachPartHasItsRange) {
  const CivilTime good{9999, 12, 31, 23, 59, 59};
  EXPECT_TRUE(to_unix(good).has_value());
  const std::pair<int CivilTime::*, std::pair<int, int>> wrong[]{
      {&CivilTime::year, {-1, 10'000}}, {&CivilTime::month, {0, 13}},
      {&CivilTime::day, {0, 32}},       {&CivilTime::hour, {-1, 24}},
      {&CivilTime::minute, {-1, 60}},   {&CivilTime::second, {-1, 60}}};
  for (const auto& [part, values] : wrong) {
    for (const int value : {values.first, values.second}) {
      CivilTime time = good;
      time.*part = value;
      EXPECT_FALSE(to_unix(time).has_value()) << value;
    }
  }
  for (const std::string_view text : {"2025-06-1:T00:00:00Z", "2025-06-1/T00:00:00Z"}) {
    EXPECT_FALSE(parse_rfc3339(text).has_value()) << text;
  }
}

TEST(Time, TimesBeyondFourDigitYearsAreCutOff) {
  EXPECT_EQ(to_rfc3339({INT64_MAX}), "9999-12-31T23:59:59Z");
  EXPECT_EQ(to_rfc3339({INT64_MIN}), "0000-01-01T00:00:00Z");
}

}  // namespace
}  // namespace merlon::codec
