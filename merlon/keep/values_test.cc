#include "merlon/keep/values.h"

#include <limits>

#include <gtest/gtest.h>

namespace merlon::keep {
namespace {

using wasm::ValueType;

std::string round(std::string_view text, ValueType type) {
  const auto value = parse_value(text, type);
  return value ? format_value(*value) : "refused";
}

TEST(Values, IntegersMayBeSignedOrNotWithinTheirRange) {
  EXPECT_EQ(round("7", ValueType::i32), "7");
  EXPECT_EQ(round("-1", ValueType::i32), "-1");
  EXPECT_EQ(round("4294967295", ValueType::i32), "-1");
  EXPECT_EQ(round("-2147483648", ValueType::i32), "-2147483648");
  EXPECT_EQ(round("0xff", ValueType::i32), "255");
  EXPECT_EQ(round("0XFF", ValueType::i32), "255");
  EXPECT_EQ(round("+17", ValueType::i32), "17");
  EXPECT_EQ(round("-0x80000000", ValueType::i32), "-2147483648");
  EXPECT_EQ(round("10", ValueType::i64), "10");
  EXPECT_EQ(round("18446744073709551615", ValueType::i64), "-1");
  EXPECT_EQ(round("-9223372036854775808", ValueType::i64), "-9223372036854775808");
  for (const char* text : {"", "-", "4294967296", "-2147483649", "1.5", "1 ", "0x", "--1", "a"}) {
    EXPECT_EQ(round(text, ValueType::i32), "refused") << text;
  }
  EXPECT_EQ(round("18446744073709551616", ValueType::i64), "refused");
}

TEST(Values, FloatsArePrintedWithTheFewestDigits) {
  EXPECT_EQ(round("0.1", ValueType::f32), "0.1");
  EXPECT_EQ(round("0.1", ValueType::f64), "0.1");
  EXPECT_EQ(round("+1e300", ValueType::f64), "1e+300");
  EXPECT_EQ(round("-0", ValueType::f64), "-0");
  EXPECT_EQ(round("+2.5", ValueType::f32), "2.5");
  EXPECT_EQ(round("inf", ValueType::f32), "inf");
  EXPECT_EQ(round("nan", ValueType::f64), "nan");
  EXPECT_EQ(round("", ValueType::f32), "refused");
  EXPECT_EQ(round("1.0x", ValueType::f64), "refused");
}

TEST(Values, VectorsAndReferencesAreShownButNotRead) {
  EXPECT_EQ(round("1", ValueType::v128), "refused");
  EXPECT_EQ(round("null", ValueType::funcref), "refused");
  EXPECT_EQ(format_value({ValueType::v128, {0x10, 0xAB}}), "0x00000000000000ab0000000000000010");
  EXPECT_EQ(format_value({ValueType::externref, {0, 0}}), "null");
}

}  // namespace
}  // namespace merlon::keep
