#include "merlon/base/instructions.h"

#include <set>
#include <tuple>

#include <gtest/gtest.h>

namespace merlon::base {
namespace {

TEST(Instructions, EachHasABitOfItsOwn) {
  std::set<std::tuple<std::uint32_t, std::uint32_t, CpuidRegister, unsigned>> places;
  std::set<std::string_view> names;
  for (const Instructions& each : instruction_sets) {
    EXPECT_TRUE(places.emplace(each.leaf, each.subleaf, each.where, each.bit).second) << each.name;
    EXPECT_TRUE(names.insert(each.name).second) << each.name;
    EXPECT_LT(each.bit, 32U);
  }
}

CpuidTable all_that_is_needed() {
  return CpuidTable({{0x1, 0, false, {.ecx = 1U << 28U | 1U << 23U}},
                     {0x7, 0, true, {.ebx = 1U << 3U | 1U << 5U | 1U << 8U}},
                     {0x8000'0001, 0, false, {.ecx = 1U << 5U}}});
}

TEST(Instructions, NothingLacksWhereAllAre) {
  EXPECT_EQ(lacking_instructions(all_that_is_needed(), 7), "");
  EXPECT_EQ(lacking_instructions(all_that_is_needed(), 0xe7), "");
}

TEST(Instructions, EachThatLacksIsNamed) {
  const auto without = [](std::uint32_t leaf, CpuidRegister where, unsigned bit) {
    CpuidTable cpuid = all_that_is_needed();
    word_of(*cpuid.find(leaf), where) &= ~(1U << bit);
    return lacking_instructions(cpuid, 7);
  };
  EXPECT_EQ(without(0x1, CpuidRegister::Ecx, 28), "AVX");
  EXPECT_EQ(without(0x1, CpuidRegister::Ecx, 23), "POPCNT");
  EXPECT_EQ(without(0x7, CpuidRegister::Ebx, 3), "BMI1");
  EXPECT_EQ(without(0x7, CpuidRegister::Ebx, 5), "AVX2");
  EXPECT_EQ(without(0x7, CpuidRegister::Ebx, 8), "BMI2");
  EXPECT_EQ(without(0x8000'0001, CpuidRegister::Ecx, 5), "LZCNT");
}

TEST(Instructions, StateThatIsOffTakesItsInstructionsAlong) {
  EXPECT_EQ(lacking_instructions(all_that_is_needed(), 3), "AVX, AVX2");
  EXPECT_EQ(lacking_instructions(all_that_is_needed(), 0), "AVX, AVX2");
  EXPECT_EQ(lacking_instructions(CpuidTable(), 0), "AVX, AVX2, BMI1, BMI2, LZCNT, POPCNT");
}

}  // namespace
}  // namespace merlon::base
