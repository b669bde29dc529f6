#include "merlon/shim/x86/tables.h"

#include <array>
#include <memory>

#include <gtest/gtest.h>

namespace merlon::shim::x86 {
namespace {

constinit InterruptStacks stacks{};

/// [INTEL SDM 3A §3.4.5]: base of a segment of 16 bytes.
std::uint64_t base_of(const std::array<std::uint64_t, 10>& segments, std::size_t index) {
  const std::uint64_t low = segments[index];
  return (low >> 16U & 0xff'ffff) | (low >> 56U << 24U) | segments[index + 1] << 32U;
}

TEST(Tables, SegmentsAreThoseOfLinux) {
  constexpr Tables tables = make_tables(0xe9, stacks);
  constexpr std::uint64_t present = std::uint64_t{1} << 47U;
  constexpr std::uint64_t code = std::uint64_t{1} << 43U;
  constexpr std::uint64_t wide = std::uint64_t{1} << 53U;  // 64-bit code
  const auto ring = [&](std::size_t selector) { return tables.segments[selector / 8] >> 45U & 3U; };
  const std::size_t selectors[] = {SELECTOR_KERNEL_CODE, SELECTOR_KERNEL_DATA, SELECTOR_USER_DATA,
                                   SELECTOR_USER_CODE};
  for (const std::size_t selector : selectors) {
    EXPECT_NE(tables.segments[selector / 8] & present, 0U);
    EXPECT_EQ(ring(selector), selector & 3U);
  }
  EXPECT_EQ(tables.segments[SELECTOR_KERNEL_CODE / 8] & (code | wide), code | wide);
  EXPECT_EQ(tables.segments[SELECTOR_USER_CODE / 8] & (code | wide), code | wide);
  EXPECT_EQ(tables.segments[SELECTOR_USER_DATA / 8] & code, 0U);
  EXPECT_EQ(tables.segments[0], 0U);
  EXPECT_EQ(tables.segments[SELECTOR_TASK / 8] & 0xffff, sizeof(TaskState) - 1);
}

TEST(Tables, SystemCallsTakeTheShimsSegments) {
  EXPECT_EQ(system_call_segments >> 32U & 0xffff, std::uint64_t{SELECTOR_KERNEL_CODE});
  // The stack's is the next; sysret's are the two above its base.
  EXPECT_EQ(SELECTOR_KERNEL_CODE + 8, SELECTOR_KERNEL_DATA);
  EXPECT_EQ((system_call_segments >> 48U) + 8, std::uint64_t{SELECTOR_USER_DATA});
  EXPECT_EQ((system_call_segments >> 48U) + 16, std::uint64_t{SELECTOR_USER_CODE});
  EXPECT_EQ(system_call_segments & 0xffff'ffff, 0U);
}

TEST(Tables, RingThreeHasOnePort) {
  const auto ports = only_port(0xe9);
  for (std::size_t port = 0; port < 8 * port_bytes; ++port) {
    const unsigned bits = ports.at(port / 8);
    EXPECT_EQ((bits >> (port % 8) & 1U) == 0, port == 0xe9) << port;
  }
}

TEST(Tables, TheTaskIsWhereItsSegmentSays) {
  const auto tables = std::make_unique<Tables>(make_tables(0xe9, stacks));
  const int stack = 0;
  begin_task(*tables, &stack, true);
  // Of a shim's addresses, which have 32 bits.
  EXPECT_EQ(base_of(tables->segments, SELECTOR_TASK / 8), address_of(&tables->task) & 0xffff'ffff);
  // The processor's layout has words where a reference to one may not point: they are copied.
  EXPECT_EQ(std::uint64_t{tables->task.stack0}, address_of(&stack));
  EXPECT_EQ(std::uint16_t{tables->task.ports_offset}, offsetof(TaskState, ports));
  EXPECT_LE(tables->task.ports_offset + port_bytes, sizeof(TaskState));
  const void* const faults = tables->task.interrupt_stacks[STACK_FAULT - 1];
  EXPECT_EQ(faults, &stack);
  begin_task(*tables, &stack, false);
  EXPECT_GE(std::uint16_t{tables->task.ports_offset}, sizeof(TaskState)) << "no bitmap, no port";
}

/// A frame that is pushed to one ends before the next.
TEST(Tables, InterruptStacksLieApart) {
  constexpr Tables tables = make_tables(0xe9, stacks);
  constexpr std::size_t frame = 7 * sizeof(std::uint64_t);
  static_assert(frame <= INTERRUPT_STACK_SIZE);
  for (std::size_t i = 0; i < INTERRUPT_STACK_COUNT; ++i) {
    const void* const end = tables.task.interrupt_stacks[i];
    EXPECT_EQ(end, stacks + (i + 1) * INTERRUPT_STACK_SIZE);
  }
}

}  // namespace
}  // namespace merlon::shim::x86
