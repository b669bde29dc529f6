#include "merlon/base/units.h"

#include <string>

#include <gtest/gtest.h>

namespace merlon::base {
namespace {

using namespace std::chrono_literals;

TEST(Duration, IsANumberAndAUnit) {
  EXPECT_EQ(*parse_duration("5"), 5s);
  EXPECT_EQ(*parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(*parse_duration("200ms"), 200ms);
  EXPECT_EQ(*parse_duration("0.000000001"), 1ns);
  EXPECT_EQ(*parse_duration("10us"), 10us);
  EXPECT_EQ(*parse_duration("2m"), 120s);
  EXPECT_EQ(*parse_duration("1h"), 1h);
}

TEST(Duration, EverythingElseIsRefused) {
  for (const char* text : {"", "s", "-1s", "1 s", "1x", "1.", ".5s", "1.5.5s", "0", "0ms", "1e3",
                           "99999999999999999999s", "9000000000s"}) {
    EXPECT_FALSE(parse_duration(text).has_value()) << text;
  }
}

TEST(Size, IsInBytesOrPowersOf1024) {
  EXPECT_EQ(*parse_size("0"), 0U);
  EXPECT_EQ(*parse_size("65536"), 65536U);
  EXPECT_EQ(*parse_size("64K"), 65536U);
  EXPECT_EQ(*parse_size("64KiB"), 65536U);
  EXPECT_EQ(*parse_size("1MB"), 1U << 20U);
  EXPECT_EQ(*parse_size("4G"), 4ULL << 30U);
  EXPECT_EQ(*parse_size("1T"), 1ULL << 40U);
  EXPECT_EQ(*parse_size("12B"), 12U);
}

TEST(Size, EverythingElseIsRefused) {
  for (const char* text :
       {"", "K", "-1", "1k", "1iB", "1Ki", "1.5M", "1 M", "16777216T", "99999999999999999999"}) {
    EXPECT_FALSE(parse_size(text).has_value()) << text;
  }
}

TEST(Size, IsShownRounded) {
  EXPECT_EQ(format_size(17), "17 B");
  EXPECT_EQ(format_size(1024), "1.0 KiB");
  EXPECT_EQ(format_size(1536), "1.5 KiB");
  EXPECT_EQ(format_size(32'257'024), "30.8 MiB");
  EXPECT_EQ(format_size(4ULL << 30U), "4.0 GiB");
}

}  // namespace
}  // namespace merlon::base
