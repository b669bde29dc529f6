#include "merlon/shim/kvm/worlds.h"

#include <gtest/gtest.h>

namespace merlon::shim::kvm {
namespace {

using linux::Registers;
using sallyport::World;

constexpr std::uint64_t entry = sallyport::shim_start + 0x40;
constexpr std::uint64_t page_fault = 14;

Registers at(std::uint64_t rip, std::uint64_t vector) {
  Registers registers{};
  registers.rip = rip;
  registers.vector = vector;
  return registers;
}

TEST(Worlds, ASystemCallIsAFaultInOneOfThemOnly) {
  EXPECT_EQ(cause_of(World::Isolated, at(entry, page_fault), entry), Cause::SystemCall);
  EXPECT_EQ(cause_of(World::Isolated, at(entry + 1, page_fault), entry), Cause::Shim);
  EXPECT_EQ(cause_of(World::Isolated, at(entry, 13), entry), Cause::Shim);
  EXPECT_EQ(cause_of(World::Ring0, at(entry, page_fault), entry), Cause::Shim);
  EXPECT_EQ(cause_of(World::Collapsed, at(entry, page_fault), entry), Cause::Shim);
}

TEST(Worlds, TheShimsFaultsAreNotTheKeeps) {
  for (const World world : {World::Ring0, World::Collapsed, World::Isolated}) {
    EXPECT_EQ(cause_of(world, at(sallyport::shim_start - 1, page_fault), entry), Cause::Keep);
    EXPECT_EQ(cause_of(world, at(sallyport::shim_start, page_fault), entry), Cause::Shim);
    EXPECT_EQ(cause_of(world, at(sallyport::shim_end - 1, 6), entry), Cause::Shim);
    EXPECT_EQ(cause_of(world, at(sallyport::shim_end, 6), entry), Cause::Keep);
    EXPECT_EQ(cause_of(world, at(sallyport::user_start, page_fault), entry), Cause::Keep);
    EXPECT_EQ(cause_of(world, at(0, page_fault), entry), Cause::Keep);
  }
}

TEST(Worlds, ASystemCallComesBackBehindItself) {
  Registers registers = at(entry, page_fault);
  registers.rax = 60;
  registers.rcx = 0x1234;
  registers.r11 = 0x246;
  make_system_call(registers);
  EXPECT_EQ(registers.vector, 60U);
  EXPECT_EQ(registers.rip, 0x1234U);
  EXPECT_EQ(registers.rflags, 0x246U);
}

/// Else a keep that jumps to the entry has ports, interrupts off, or steps the shim.
TEST(Worlds, ASystemCallBringsNoFlagsButAProgramsOwn) {
  Registers registers = at(entry, page_fault);
  registers.r11 = ~std::uint64_t{0};
  make_system_call(registers);
  EXPECT_EQ(registers.rflags, 0xcd5U | 0x202U);
  registers.r11 = 0;
  make_system_call(registers);
  EXPECT_EQ(registers.rflags, 0x202U);
}

TEST(Worlds, EachVectorHasItsName) {
  EXPECT_STREQ(name_of_vector(2), "an interrupt that cannot be masked");
  EXPECT_STREQ(name_of_vector(14), "a page fault");
  EXPECT_STREQ(name_of_vector(29), "a hypervisor's communication");
  EXPECT_STREQ(name_of_vector(31), "exception 31");
  for (const std::uint64_t vector : {std::uint64_t{32}, std::uint64_t{0x80}, ~std::uint64_t{0}}) {
    EXPECT_STREQ(name_of_vector(vector), "an interrupt");
  }
}

}  // namespace
}  // namespace merlon::shim::kvm
