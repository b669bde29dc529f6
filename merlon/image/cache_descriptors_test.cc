#include "merlon/image/cache_descriptors.h"

#include <gtest/gtest.h>

namespace merlon::image {
namespace {

using base::CpuidTable;

/// Caches as a Cascade Lake server has them: 32 KiB twice, 1 MiB, 35.75 MiB.
CpuidTable server() {
  return CpuidTable({{2, 0, false, {0x00fe'ff01, 0xf0, 0, 0}},
                     {4, 0, true, {0x1c00'4121, 0x01c0'003f, 0x3f, 0}},
                     {4, 1, true, {0x1c00'4122, 0x01c0'003f, 0x3f, 0}},
                     {4, 2, true, {0x1c00'4143, 0x03c0'003f, 0x3ff, 0}},
                     {4, 3, true, {0x1c03'c163, 0x0280'003f, 0xcfff, 4}},
                     {4, 4, true, {}}});
}

TEST(CacheDescriptors, StandForWhatTheOtherLeafSays) {
  CpuidTable cpuid = server();
  describe_caches(cpuid);
  // Two in eax, the others in ebx: L1 data and instructions, L2, L3 of 24 MiB.
  EXPECT_EQ(cpuid.answer(2), (base::CpuidRegisters{0x0030'2c01, 0xec7c, 0, 0}));
  EXPECT_EQ(cpuid.answer(4, 3), server().answer(4, 3));
}

TEST(CacheDescriptors, AreNeverLargerThanTheCache) {
  CpuidTable cpuid = server();
  *cpuid.find(4, 2) = {0x143, 0x03c0'003f, 0x3fe, 0};  // a little less than 1 MiB
  describe_caches(cpuid);
  EXPECT_EQ(cpuid.answer(2).ebx & 0xffU, 0x7bU);
}

TEST(CacheDescriptors, StayWhereNothingRefersToTheOtherLeaf) {
  CpuidTable old(
      {{2, 0, false, {0x0030'2c01, 0x7d, 0, 0}}, {4, 0, true, {0x21, 0x01c0'003f, 0x3f}}});
  describe_caches(old);
  EXPECT_EQ(old.answer(2), (base::CpuidRegisters{0x0030'2c01, 0x7d, 0, 0}));
  // A register whose highest bit is set holds no descriptors.
  CpuidTable invalid({{2, 0, false, {0x01, 0x8000'00ff, 0, 0}}});
  describe_caches(invalid);
  EXPECT_EQ(invalid.answer(2).ebx, 0x8000'00ffU);
  CpuidTable alone({{2, 0, false, {0xff01, 0, 0, 0}}});
  describe_caches(alone);
  EXPECT_EQ(alone.answer(2).eax, 0xff01U);
  CpuidTable none;
  describe_caches(none);
  EXPECT_TRUE(none.leaves().empty());
}

}  // namespace
}  // namespace merlon::image
