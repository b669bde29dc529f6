#include "merlon/keep/float_text.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace merlon::keep {
namespace {

template <typename T>
std::string of_the_library(T number) {
  std::array<char, 400> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr};
}

template <typename T>
void expect_the_same(T number) {
  EXPECT_EQ(float_text(number), of_the_library(number));
  EXPECT_EQ(float_text(-number), of_the_library(-number));
}

TEST(FloatText, IsTheShortestThatIsReadBack) {
  EXPECT_EQ(float_text(0.1F), "0.1");
  EXPECT_EQ(float_text(0.1), "0.1");
  EXPECT_EQ(float_text(-0.0), "-0");
  EXPECT_EQ(float_text(100000.0), "1e+05");
  EXPECT_EQ(float_text(1200000.0), "1200000");
  EXPECT_EQ(float_text(1e23), "1e+23");
  EXPECT_EQ(float_text(9007199254740993.0), "9007199254740992");
}

template <typename T>
class FloatTextOf : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(FloatTextOf, Types);

TYPED_TEST(FloatTextOf, EdgesAreWhatTheLibrarySays) {
  using Limits = std::numeric_limits<TypeParam>;
  for (const TypeParam number : {TypeParam{0}, Limits::min(), Limits::max(), Limits::denorm_min(),
                                 Limits::epsilon(), Limits::infinity(), Limits::quiet_NaN()}) {
    expect_the_same(number);
  }
}

TYPED_TEST(FloatTextOf, PowersAndTheirNeighboursAreWhatTheLibrarySays) {
  const TypeParam infinity = std::numeric_limits<TypeParam>::infinity();
  for (const TypeParam base : {TypeParam{2}, TypeParam{10}}) {
    for (int power = -1074; power < 1024; ++power) {
      const TypeParam number = std::pow(base, static_cast<TypeParam>(power));
      if (number == 0 || number == infinity) continue;
      expect_the_same(number);
      expect_the_same(std::nextafter(number, infinity));
      expect_the_same(std::nextafter(number, TypeParam{0}));
    }
  }
}

TYPED_TEST(FloatTextOf, WhateverTheBitsAreItIsWhatTheLibrarySays) {
  using Bits = std::conditional_t<sizeof(TypeParam) == 4, std::uint32_t, std::uint64_t>;
  std::mt19937_64 random(7);
  for (int i = 0; i < 5000; ++i) {
    expect_the_same(std::bit_cast<TypeParam>(static_cast<Bits>(random())));
    // Of the sizes that people print.
    expect_the_same(static_cast<TypeParam>(random() % 10'000'000) / 1000);
    expect_the_same(static_cast<TypeParam>(random() >> (random() % 64)));
  }
}

}  // namespace
}  // namespace merlon::keep
