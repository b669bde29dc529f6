#include "merlon/verify/abi_requirement.h"

#include <gtest/gtest.h>

namespace merlon::verify {
namespace {

constexpr std::uint16_t abi(unsigned major, unsigned minor) {
  return static_cast<std::uint16_t>(major * 256 + minor);
}
constexpr std::uint16_t last = 0xFFFF;

struct Meaning {
  std::string_view text;
  std::uint16_t min;
  std::uint16_t max;
};

void expect(std::initializer_list<Meaning> meanings) {
  for (const Meaning& meaning : meanings) {
    const auto range = parse_abi_requirement(meaning.text);
    ASSERT_TRUE(range.has_value()) << meaning.text << ": " << range.error();
    EXPECT_EQ(range->min, meaning.min) << meaning.text;
    EXPECT_EQ(range->max, meaning.max) << meaning.text;
  }
}

void expect_refused(std::initializer_list<std::string_view> texts, std::string_view why) {
  for (const std::string_view text : texts) {
    const auto range = parse_abi_requirement(text);
    ASSERT_FALSE(range.has_value()) << text << ": " << range->min << " to " << range->max;
    EXPECT_NE(range.error().find(why), std::string::npos) << text << ": " << range.error();
    EXPECT_EQ(range.error().find('\n'), std::string::npos) << text;
  }
}

TEST(AbiRequirement, EqualIsExact) {
  expect({{"=1.51", abi(1, 51), abi(1, 51)},
          {"=1.51.0", abi(1, 51), abi(1, 51)},
          {"=1", abi(1, 0), abi(1, 255)},
          {"=0", abi(0, 0), abi(0, 255)},
          {"=255.255", last, last}});
}

TEST(AbiRequirement, GreaterIsAboveAllThatIsNamed) {
  expect({{">1", abi(2, 0), last},
          {">1.50", abi(1, 51), last},
          {">1.50.0", abi(1, 51), last},
          {">1.50.3", abi(1, 51), last},
          {">1.255", abi(2, 0), last},
          {">1.300", abi(2, 0), last},
          {">=1", abi(1, 0), last},
          {">=1.51", abi(1, 51), last},
          {">=1.50.0", abi(1, 50), last},
          {">=1.50.3", abi(1, 51), last},
          {">=0", 0, last}});
}

TEST(AbiRequirement, LessIsBelowAllThatIsNamed) {
  expect({{"<1", 0, abi(0, 255)},
          {"<1.51", 0, abi(1, 50)},
          {"<1.51.0", 0, abi(1, 50)},
          {"<1.51.1", 0, abi(1, 51)},
          {"<300", 0, last},
          {"<=1", 0, abi(1, 255)},
          {"<=1.51", 0, abi(1, 51)},
          {"<=1.51.0", 0, abi(1, 51)},
          {"<=1.51.7", 0, abi(1, 51)},
          {"<=0", 0, abi(0, 255)},
          {"<=18446744073709551615", 0, last}});
}

TEST(AbiRequirement, CaretStaysBelowTheNextMajor) {
  expect({{"^1.51", abi(1, 51), abi(1, 255)},
          {"1.51", abi(1, 51), abi(1, 255)},
          {"1.51.0", abi(1, 51), abi(1, 255)},
          {"1.51.2", abi(1, 52), abi(1, 255)},
          {"1", abi(1, 0), abi(1, 255)},
          {"255", abi(255, 0), last}});
}

TEST(AbiRequirement, CaretOfMajorZeroStaysWithinItsMinor) {
  expect({{"0", abi(0, 0), abi(0, 255)},
          {"^0.5", abi(0, 5), abi(0, 5)},
          {"0.5.0", abi(0, 5), abi(0, 5)},
          {"^0.0", abi(0, 0), abi(0, 0)},
          {"^0.0.0", abi(0, 0), abi(0, 0)}});
  expect_refused({"^0.5.1", "^0.0.3"}, "no version meets it");
}

TEST(AbiRequirement, TildeStaysWithinItsMinor) {
  expect({{"~1", abi(1, 0), abi(1, 255)},
          {"~1.51", abi(1, 51), abi(1, 51)},
          {"~1.51.0", abi(1, 51), abi(1, 51)}});
  expect_refused({"~1.51.1"}, "no version meets it");
}

TEST(AbiRequirement, AWildcardStandsForAnyNumber) {
  expect({{"*", 0, last},
          {" x ", 0, last},
          {"X", 0, last},
          {"1.*", abi(1, 0), abi(1, 255)},
          {"1.x", abi(1, 0), abi(1, 255)},
          {"1.*.*", abi(1, 0), abi(1, 255)},
          {"0.*", abi(0, 0), abi(0, 255)},
          {"1.51.*", abi(1, 51), abi(1, 51)},
          {"^1.51.*", abi(1, 51), abi(1, 255)},
          {">1.*", abi(2, 0), last},
          {">=1.51.X", abi(1, 51), last}});
}

TEST(AbiRequirement, AllOfAListMustHold) {
  expect({{">=1.51, <2", abi(1, 51), abi(1, 255)},
          {">=1.51,<=1.55", abi(1, 51), abi(1, 55)},
          {">1.50 , <1.52", abi(1, 51), abi(1, 51)},
          {"1.2, 1.51, <1.58", abi(1, 51), abi(1, 57)}});
  expect_refused({">2, <1", "=1.51, =1.52", ">1.50, <1.51"}, "no version meets it");
}

TEST(AbiRequirement, BlanksMayStandAroundOperatorsAndCommas) {
  expect({{"  >=  1.51  ", abi(1, 51), last},
          {" = 1.51", abi(1, 51), abi(1, 51)},
          {">= 1.51 ,   < 2 ", abi(1, 51), abi(1, 255)}});
  expect_refused({"> =1.51", "1 .51", "1. 51", ">=\t1.51", ">=1.51\n", "1.51 <2"}, "");
}

TEST(AbiRequirement, WhatNoVersionMeetsIsRefused) {
  expect_refused({"<0", "<0.0", ">255", ">255.255", ">255.255.1", "=256", "=1.256", "^256", "1.256",
                  "=1.51.1", ">=256", ">18446744073709551615", ">=255.18446744073709551615"},
                 "no version meets it");
}

TEST(AbiRequirement, WhatIsNoRequirementIsRefusedWithTheReason) {
  expect_refused({"", " ", ">=", "1.", "1.51.", ">=1.51,", "=1.51, "}, "a number is missing");
  expect_refused({"abc", ",1", "v1", "==1", "=>1", "!1", "-1", "=*", ">=1, *", ".1", "1..2"},
                 "a number is missing before '");
  expect_refused({"01", "1.051", "1.51.00"}, "has a leading zero");
  expect_refused({"18446744073709551616", "1.99999999999999999999"}, "is too large");
  expect_refused({"*, 1", "*.1", "* 1", "**"}, "a * of its own is the whole requirement");
  expect_refused({"1.*.1", ">=1.x.0"}, "behind a * there is no number");
  expect_refused({"1.51.0.1", "1.51 || 2", "1.51-rc", "1a", "1.51;2"}, "only a comma may stand");
  expect_refused({"1.51.0-rc1", "=1.51.0+1"}, "no pre-releases and no builds");
}

TEST(AbiRequirement, AListHasAnEnd) {
  std::string text = ">=1.51";
  for (int i = 0; i < 31; ++i) text += ",<2";
  expect({{text, abi(1, 51), abi(1, 255)}});
  expect_refused({text + ",<2"}, "more than 32 comparators");
}

TEST(AbiRequirement, ForeignTextIsQuotedAndCut) {
  const auto refused = parse_abi_requirement(std::string(1000, '\x1b'));
  ASSERT_FALSE(refused.has_value());
  EXPECT_LT(refused.error().size(), 400U);
  EXPECT_EQ(refused.error().find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace merlon::verify
