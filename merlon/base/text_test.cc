#include "merlon/base/text.h"

#include <array>
#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace merlon::base {
namespace {

TEST(IgnoringCase, OfAsciiAlone) {
  EXPECT_TRUE(equal_ignoring_case("TDX_0a", "tdx_0A"));
  EXPECT_FALSE(equal_ignoring_case("a", "ab"));
  EXPECT_FALSE(equal_ignoring_case("@[", "`{"));
  EXPECT_TRUE(contains_ignoring_case("rootCaCrl", "crl"));
  EXPECT_TRUE(contains_ignoring_case("x", ""));
  EXPECT_FALSE(contains_ignoring_case("cr", "crl"));
}

TEST(Concat, JoinsStringsCharactersAndNumbers) {
  const std::string name = "name";
  EXPECT_EQ(concat("fd ", 3, ':', name, std::string_view("!"), -7, std::uint8_t{200}),
            "fd 3:name!-7200");
  EXPECT_EQ(concat(), "");
}

TEST(Concat, WritesTheLargestAndSmallestNumbers) {
  EXPECT_EQ(concat(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(concat(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
}

TEST(Hex, WritesTwoLowerCaseDigitsForEachByte) {
  constexpr std::array<std::uint8_t, 3> bytes{0x00, 0xAB, 0x10};
  EXPECT_EQ(hex(bytes), "00ab10");
  EXPECT_EQ(hex({}), "");
}

TEST(Quoted, LeavesReadableTextAsItIs) {
  EXPECT_EQ(quoted("main.wasm"), "'main.wasm'");
  EXPECT_EQ(quoted("grün"), "'grün'");
  EXPECT_EQ(quoted(""), "''");
}

TEST(Quoted, LetsNoControlCharacterReachATerminal) {
  EXPECT_EQ(quoted("a\nb\x1b[2J\x7f"), "'a\\x0ab\\x1b[2J\\x7f'");
  EXPECT_EQ(quoted("\xC2\x9B"), "'\\xc2\\x9b'");
}

TEST(Quoted, EscapesItsOwnQuoteAndBackslash) { EXPECT_EQ(quoted("a'b\\c"), "'a\\'b\\\\c'"); }

TEST(Quoted, ShowsBytesThatAreNotUtf8) {
  EXPECT_EQ(quoted("\xC0\x80"), "'\\xc0\\x80'");                    // overlong
  EXPECT_EQ(quoted("\xED\xA0\x80"), "'\\xed\\xa0\\x80'");           // surrogate
  EXPECT_EQ(quoted("\xF4\x90\x80\x80"), "'\\xf4\\x90\\x80\\x80'");  // above U+10FFFF
  EXPECT_EQ(quoted("\xE2\x82"), "'\\xe2\\x82'");                    // cut short
}

TEST(Quoted, CutsLongText) {
  const std::string text = quoted(std::string(1000, 'x'), 10);
  EXPECT_EQ(text, "'xxxxxxxxxx…'");
}

TEST(Printable, ChangesOnlyWhatATerminalMustNotSee) {
  EXPECT_EQ(printable("it's a\\b\n"), "it's a\\b\\x0a");
  EXPECT_EQ(printable("abcdef", 3), "abc…");
  EXPECT_EQ(printable("abc", 3), "abc");
}

TEST(ParseDecimal, ReadsDigitsOnly) {
  EXPECT_EQ(*parse_decimal("0"), 0U);
  EXPECT_EQ(*parse_decimal("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  for (const char* text : {"", " 1", "1 ", "-1", "+1", "0x10", "1.5", "abc"}) {
    EXPECT_FALSE(parse_decimal(text).has_value()) << text;
  }
  EXPECT_EQ(parse_decimal("18446744073709551616").error().code, core::ErrorCode::Exhausted);
}

TEST(Text, LabelsArePlainWords) {
  for (const std::string_view name : {"a", "data", "my-data_2"}) EXPECT_TRUE(is_label(name));
  for (const std::string_view name : {"", "A", "2a", "-a", "a/b", "..", "a.b", "a b"}) {
    EXPECT_FALSE(is_label(name)) << name;
  }
  EXPECT_TRUE(is_label(std::string(64, 'a')));
  EXPECT_FALSE(is_label(std::string(65, 'a')));
}

}  // namespace
}  // namespace merlon::base
