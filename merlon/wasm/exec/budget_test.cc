#include "merlon/wasm/exec/budget.h"

#include <gtest/gtest.h>

#include "merlon/wasm/testing/binary.h"

namespace merlon::wasm {
namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20U;

TEST(MemoryBudget, AMemoryMayBeAsLargeAsTheLimitBesideTheFreeRecords) {
  MemoryBudget budget(4 * mib);
  EXPECT_TRUE(budget.take_records(MemoryBudget::free_records));
  EXPECT_TRUE(budget.take_memory(4 * mib));
  EXPECT_FALSE(budget.take_memory(1));
  EXPECT_FALSE(budget.take_records(1));
  budget.give_back_memory(mib);
  EXPECT_TRUE(budget.take_records(mib));
  EXPECT_FALSE(budget.take_memory(1));
  budget.give_back_records(1);
  EXPECT_TRUE(budget.take_memory(1));
}

TEST(MemoryBudget, NothingIsTakenByWhatIsRefused) {
  MemoryBudget budget(mib);
  EXPECT_FALSE(budget.take_memory(mib + 1));
  EXPECT_FALSE(budget.take_memory(~std::uint64_t{0}));
  EXPECT_FALSE(budget.take_records(2 * mib + 1));
  EXPECT_FALSE(budget.take_records(~std::uint64_t{0}));
  EXPECT_TRUE(budget.take_memory(mib));
}

/// Two memories of no pages and a table of no elements; f grows one of them, by opcode.
std::vector<std::uint8_t> growing(std::initializer_list<std::uint8_t> body) {
  testing::Binary binary;
  binary.types({1, 0x60, 1, 0x7f, 1, 0x7f}).section(3, {1, 0}).section(4, {1, 0x70, 0, 0});
  binary.section(5, {2, 0, 0, 0, 0}).section(7, {1, 1, 'f', 0, 0}).code(body);
  return binary.bytes();
}

TEST(MemoryBudget, MemoriesCountTogether) {
  StoreLimits limits;
  limits.max_bytes = 3 * page_size;
  // memory.grow 0 by the argument; then memory.grow 1 by it, whose result counts.
  testing::Machine machine(growing({0, 0x20, 0, 0x40, 0, 0x1a, 0x20, 0, 0x40, 1, 0x0b}), {},
                           CompileMode::Eager, limits);
  ASSERT_NE(machine.instance, nullptr);
  EXPECT_EQ(testing::i32_of(machine.call({Value::from_i32(1)})), 0U);
  EXPECT_EQ(testing::i32_of(machine.call({Value::from_i32(1)})), 0xffff'ffffU);
}

TEST(MemoryBudget, TablesCountToo) {
  StoreLimits limits;
  limits.max_bytes = 0;
  // ref.null func; local.get 0; table.grow 0
  testing::Machine machine(growing({0, 0xd0, 0x70, 0x20, 0, 0xfc, 15, 0, 0x0b}), {},
                           CompileMode::Eager, limits);
  ASSERT_NE(machine.instance, nullptr);
  EXPECT_EQ(testing::i32_of(machine.call({Value::from_i32(mib / 16)})), 0U);
  EXPECT_EQ(testing::i32_of(machine.call({Value::from_i32(mib / 8)})), 0xffff'ffffU);
}

TEST(MemoryBudget, WhatAnInstanceWantsAtItsStartIsNamed) {
  testing::Binary binary;
  binary.section(4, {1, 0x70, 0, 0x80, 0x80, 0x10});  // 262,144 elements
  StoreLimits limits;
  limits.max_bytes = 0;
  auto engine = std::move(*Engine::create(baseline::compilers()));
  Store store(*engine, limits);
  auto module = engine->compile(binary.bytes());
  ASSERT_TRUE(module.has_value());
  const InstantiateOutcome outcome = store.instantiate(*module, {});
  ASSERT_TRUE(std::holds_alternative<LinkError>(outcome));
  EXPECT_EQ(std::get<LinkError>(outcome).error.code, core::ErrorCode::Exhausted);
  EXPECT_EQ(std::get<LinkError>(outcome).asked, 2 * mib);
}

}  // namespace
}  // namespace merlon::wasm
