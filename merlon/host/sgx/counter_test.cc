#include "merlon/host/sgx/counter.h"

#include <gtest/gtest.h>

namespace merlon::host::sgx {
namespace {

// Of an Ice Lake: a crystal of 25 MHz, 84 / 1: 2.1 GHz.
constexpr base::CpuidRegisters ice_lake{1, 84, 25'000'000, 0};
constexpr CounterReading before{5'000'000'000, 77'000'000'000};

CounterReading after(std::uint64_t ticks, std::uint64_t nanoseconds) {
  return {before.ticks + ticks, before.nanoseconds + nanoseconds};
}

TEST(CounterFrequency, IsTheProcessorsWhereTheCounterAgrees) {
  EXPECT_EQ(counter_khz(ice_lake, before, after(21'000'000, 10'000'000)), 2'100'000U);
  EXPECT_EQ(counter_khz(ice_lake, before, after(21'200'000, 10'000'000)), 2'100'000U);
  EXPECT_EQ(counter_khz(ice_lake, before, after(20'800'000, 10'000'000)), 2'100'000U);
  EXPECT_EQ(counter_khz({2, 168, 25'000'000, 0}, before, after(2'100'000, 1'000'000)), 2'100'000U);
}

/// Of a counter that is read a thousand seconds apart, and no more.
TEST(CounterFrequency, IsToldOfTimesThatCanBeReckonedWith) {
  constexpr base::CpuidRegisters slow{1, 40, 25'000'000, 0};  // 1 GHz
  constexpr std::uint64_t longest = std::uint64_t{1} << 40U;
  EXPECT_EQ(counter_khz(slow, before, after(longest, longest)), 1'000'000U);
  EXPECT_EQ(counter_khz(slow, before, after(longest, longest + 1)), 0U);
  EXPECT_EQ(counter_khz(slow, before, after(longest + 1, longest)), 0U);
}

TEST(CounterFrequency, IsNoneWhereItDoesNot) {
  EXPECT_EQ(counter_khz(ice_lake, before, after(21'400'000, 10'000'000)), 0U);
  EXPECT_EQ(counter_khz(ice_lake, before, after(20'600'000, 10'000'000)), 0U);
  EXPECT_EQ(counter_khz(ice_lake, before, after(2'000'000, 999'999)), 0U) << "too short to tell";
  EXPECT_EQ(counter_khz(ice_lake, before, before), 0U);
  EXPECT_EQ(counter_khz(ice_lake, after(21'000'000, 10'000'000), before), 0U);
  EXPECT_EQ(counter_khz(ice_lake, {}, {~std::uint64_t{0}, ~std::uint64_t{0}}), 0U);
}

TEST(CounterFrequency, IsNoneWhereTheProcessorSaysNothing) {
  const CounterReading later = after(21'000'000, 10'000'000);
  EXPECT_EQ(counter_khz({}, before, later), 0U);
  EXPECT_EQ(counter_khz({1, 84, 0, 0}, before, later), 0U) << "no crystal's frequency";
  EXPECT_EQ(counter_khz({1, 0, 25'000'000, 0}, before, later), 0U);
  EXPECT_EQ(counter_khz({0, 84, 25'000'000, 0}, before, later), 0U);
  EXPECT_EQ(counter_khz({1, ~0U, ~0U, 0}, before, later), 0U) << "beyond all processors";
}

}  // namespace
}  // namespace merlon::host::sgx
