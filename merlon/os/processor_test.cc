#include "merlon/os/processor.h"

#include <gtest/gtest.h>

#include "merlon/base/instructions.h"

namespace merlon::os {
namespace {

TEST(Processor, AnswersAsItsTableSays) {
  const base::CpuidTable leaves = instruction_leaves();
  ASSERT_NE(leaves.find(1), nullptr);
  // Every 64-bit processor has these: x87, FXSR, SSE, SSE2.
  EXPECT_EQ(leaves.answer(1).edx & 0x0700'0001U, 0x0700'0001U);
  EXPECT_EQ(leaves.answer(0x8000'0001).ecx, cpuid(0x8000'0001).ecx);
}

TEST(Processor, TheCLibrarySaysTheSameOfIt) {
  const base::CpuidTable leaves = instruction_leaves();
  EXPECT_EQ(lacking_instructions(), base::lacking_instructions(leaves, extended_state(leaves)));
}

TEST(Processor, WithoutXsaveThereIsNoExtendedState) {
  EXPECT_EQ(extended_state(base::CpuidTable()), 0U);
}

}  // namespace
}  // namespace merlon::os
