#include "merlon/image/first_registers.h"

#include <gtest/gtest.h>

#include "merlon/image/layout.h"
#include "merlon/image/vmsa.h"

namespace merlon::image {
namespace {

TEST(FirstRegisters, StartTheShimAtItsEntry) {
  const Vmsa made = first_registers(0x123456, 0x400000);
  EXPECT_EQ(made.rip, 0x123456U);
  EXPECT_EQ(made.cr3, 0x400000U);
  EXPECT_EQ(made.rdi, boot_page);
  EXPECT_EQ(made.cpl, 0);
  EXPECT_EQ(made.vmpl, 0);
  EXPECT_EQ(made.rflags & 0x200, 0U) << "interrupts are off";
  EXPECT_NE(made.page(), first_registers(0x123457, 0x400000).page());
  EXPECT_NE(made.page(), first_registers(0x123456, 0x401000).page());
}

}  // namespace
}  // namespace merlon::image
