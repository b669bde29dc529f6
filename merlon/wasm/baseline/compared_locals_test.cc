// What is known of locals after comparisons: as much as is sound, and no more. What accesses come
// to is in bounds_test.cc.

#include "merlon/wasm/baseline/compared_locals.h"

#include <gtest/gtest.h>

namespace merlon::wasm::baseline {
namespace {

Instruction of(Opcode op, std::uint64_t value = 0) {
  Instruction made{};
  made.op = op;
  made.value = value;
  return made;
}
const Instruction get0 = of(Opcode::LocalGet, 0), set0 = of(Opcode::LocalSet, 0),
                  set1 = of(Opcode::LocalSet, 1), load = of(Opcode::I32Load),
                  add = of(Opcode::I32Add), block = of(Opcode::Block), loop = of(Opcode::Loop),
                  otherwise = of(Opcode::Else), end = of(Opcode::End), nop = of(Opcode::Nop);
Instruction constant(std::uint32_t value) { return of(Opcode::I32Const, value); }

/// Local 0 is compared at `at`; what is known when the last instruction is compiled.
ComparedLocals after(const std::vector<Instruction>& code, std::size_t at = 0) {
  ComparedLocals compared;
  compared.start(code, 2);
  compared.follow(at);
  compared.add({0, 0});
  compared.follow(code.size() - 1);
  return compared;
}

TEST(ComparedLocals, OneComparisonCoversTheGuard) {
  const std::vector<Instruction> code{load, nop};
  const ComparedLocals compared = after(code);
  EXPECT_TRUE(compared.covers(0, 1));
  EXPECT_TRUE(compared.covers(0, small_guard));
  EXPECT_FALSE(compared.covers(0, small_guard + 1));
  EXPECT_FALSE(compared.covers(0, ~std::uint64_t{0}));
  EXPECT_FALSE(compared.covers(1, 1));
}

TEST(ComparedLocals, NothingIsKnownAtFirst) {
  const std::vector<Instruction> code{get0, load};
  ComparedLocals compared;
  compared.start(code, 2);
  compared.follow(1);
  EXPECT_FALSE(compared.covers(0, 1));
  EXPECT_FALSE(compared.covers_sum(1, 1));
  compared.add({0, 0});
  compared.start(code, 2);
  EXPECT_FALSE(compared.covers(0, 1)) << "nor of the next function";
}

TEST(ComparedLocals, AnotherValueIsUnknown) {
  const std::vector<Instruction> code{load, nop, set0, nop};
  EXPECT_FALSE(after(code).covers(0, 1));
}

TEST(ComparedLocals, CopiesAndSumsAreFollowed) {
  const std::vector<Instruction> copy{load, get0, set1, nop};
  EXPECT_TRUE(after(copy).covers(1, small_guard));
  const std::vector<Instruction> sum{load, get0, constant(16), add, set1, nop};
  EXPECT_TRUE(after(sum).covers(1, small_guard - 16));
  EXPECT_FALSE(after(sum).covers(1, small_guard - 15));
  EXPECT_TRUE(after(sum).covers(0, small_guard));
  const std::vector<Instruction> twice{
      load, get0, constant(0x8000), add, set0, get0, constant(0x8000), add, set0, nop};
  EXPECT_TRUE(after(twice).covers(0, 0));
  EXPECT_FALSE(after(twice).covers(0, 1));
  const std::vector<Instruction> far{load, get0, constant(small_guard + 1), add, set0, nop};
  EXPECT_FALSE(after(far).covers(0, 0));
  const std::vector<Instruction> back{load, get0, constant(0xffff'fff8), add, set0, nop};
  EXPECT_FALSE(after(back).covers(0, 1)) << "before the first byte";
}

TEST(ComparedLocals, ASumOnTheStackIsCovered) {
  const std::vector<Instruction> code{load, get0, constant(8), add, load};
  EXPECT_TRUE(after(code).covers_sum(4, small_guard - 8));
  EXPECT_FALSE(after(code).covers_sum(4, small_guard - 7));
  EXPECT_FALSE(after(code).covers_sum(4, ~std::uint64_t{0} - 7)) << "a sum that wraps around";
  EXPECT_FALSE(after(code).covers_sum(3, 1));
  EXPECT_FALSE(after(code).covers_sum(0, 1));
}

TEST(ComparedLocals, AComparedSumCoversWhatIsBehindIt) {
  const std::vector<Instruction> code{get0, constant(16), add, load, get0, constant(24), add, load,
                                      get0, constant(8),  add, load, get0, load};
  ComparedLocals compared;
  compared.start(code, 2);
  compared.follow(3);
  compared.add({0, 16});
  compared.follow(code.size() - 1);
  EXPECT_TRUE(compared.covers_sum(3, small_guard));
  EXPECT_TRUE(compared.covers_sum(7, small_guard - 8));
  EXPECT_FALSE(compared.covers_sum(7, small_guard - 7));
  EXPECT_FALSE(compared.covers_sum(11, 1)) << "it may lie before the first byte";
  EXPECT_FALSE(compared.covers(0, 1));
  compared.add({0, 0});
  EXPECT_TRUE(compared.covers_sum(11, 1));
  compared.add({0, small_guard});
  EXPECT_TRUE(compared.covers_sum(11, 1)) << "what is known of the local itself stays";
}

TEST(ComparedLocals, ASumOfWhatIsKnownInPartIsFollowed) {
  const std::vector<Instruction> code{get0, constant(16), add,  load, get0, constant(24),
                                      add,  set1,         get0, set0, nop};
  ComparedLocals compared;
  compared.start(code, 2);
  compared.follow(3);
  compared.add({0, 16});
  compared.follow(7);
  EXPECT_TRUE(compared.covers(1, small_guard - 8));
  EXPECT_FALSE(compared.covers(1, small_guard - 7));
  compared.follow(9);
  EXPECT_FALSE(compared.covers_sum(3, 1)) << "a copy of what is not known by itself";
}

struct Found {
  std::uint32_t first, below;
  bool operator==(const Found&) const = default;
};
Found row(const std::vector<Instruction>& code, std::size_t at, std::uint64_t bytes = 4) {
  ComparedLocals compared;
  compared.start(code, 2);
  const ComparedLocals::Row found = compared.row_of(at, bytes);
  EXPECT_EQ(found.lowest.local, 0U);
  return {found.lowest.constant, found.below};
}

TEST(ComparedLocals, ARowBeginsWithItsLowestLoad) {
  const auto then = [](std::vector<Instruction> between) {
    std::vector<Instruction> code{get0, constant(16), add, load};
    code.insert(code.end(), between.begin(), between.end());
    for (const Instruction& last : {get0, constant(8), add, load}) code.push_back(last);
    return code;
  };
  EXPECT_EQ(row(then({}), 3), (Found{8, 8}));
  EXPECT_EQ(row(then({get0, load}), 3), (Found{0, 16}));
  EXPECT_EQ(row(then({get0, constant(0xffff'fff8), add, load}), 3), (Found{0xffff'fff8, 24}));
  EXPECT_EQ(row(then({get0, constant(24), add, load}), 3), (Found{8, 8})) << "a higher one";
  EXPECT_EQ(row(then({}), 7), (Found{8, 0})) << "the last one";
  EXPECT_EQ(row(then({}), 3, small_guard - 8), (Found{8, 8}));
  EXPECT_EQ(row(then({}), 3, small_guard - 7), (Found{16, 0})) << "too far from it";
  const std::vector<Opcode> quiet{Opcode::Drop,       Opcode::Select,  Opcode::GlobalGet,
                                  Opcode::I32Sub,     Opcode::F64Mul,  Opcode::I32TruncSatF64S,
                                  Opcode::I8x16Splat, Opcode::F64Const};
  for (const Opcode op : quiet) EXPECT_EQ(row(then({of(op)}), 3), (Found{8, 8})) << text_of(op);
  EXPECT_EQ(row(then({of(Opcode::LocalTee, 1)}), 3), (Found{8, 8}));
  const std::vector<Instruction> far(70, of(Opcode::I32Eqz));
  EXPECT_EQ(row(then(far), 3), (Found{16, 0}));
}

/// What would be seen, or another trap, before the lower one's.
TEST(ComparedLocals, ARowEndsWhereSomethingHappens) {
  for (const Opcode op :
       {Opcode::I32Store, Opcode::GlobalSet, Opcode::Call, Opcode::BrIf, Opcode::Block, Opcode::End,
        Opcode::I32DivU, Opcode::I64RemS, Opcode::I32TruncF32S, Opcode::I64TruncF64U,
        Opcode::Unreachable, Opcode::MemoryGrow, Opcode::TableGet, Opcode::DataDrop, Opcode::Return,
        Opcode::V128Load8Lane, Opcode::I32AtomicLoad, Opcode::Nop}) {
    const std::vector<Instruction> code{get0, constant(16), add, load, of(op), get0, load};
    EXPECT_EQ(row(code, 3), (Found{16, 0})) << text_of(op);
  }
  for (const Opcode op : {Opcode::LocalSet, Opcode::LocalTee}) {
    const std::vector<Instruction> code{get0, constant(16), add, load, of(op, 0), get0, load};
    EXPECT_EQ(row(code, 3), (Found{16, 0})) << "another value";
  }
  Instruction elsewhere = load;
  elsewhere.memory = 1;
  const std::vector<Instruction> code{get0, constant(16), add, load, get0, elsewhere};
  EXPECT_EQ(row(code, 3), (Found{16, 0})) << "of another memory";
}

TEST(ComparedLocals, WhatABlockLearntEndsWithIt) {
  const std::vector<Instruction> inside{block, load, end, nop};
  EXPECT_FALSE(after(inside, 1).covers(0, 1));
  const std::vector<Instruction> before{load, block, nop, end, nop};
  EXPECT_TRUE(after(before).covers(0, 1));
  const std::vector<Instruction> branch{of(Opcode::If), load, otherwise, nop};
  EXPECT_FALSE(after(branch, 1).covers(0, 1));
  const std::vector<Instruction> both{load, of(Opcode::If), nop, otherwise, nop, end, nop};
  EXPECT_TRUE(after(both).covers(0, 1));
  const std::vector<Instruction> sum_inside{load, block, get0, constant(8), add, set0, end, nop};
  EXPECT_FALSE(after(sum_inside).covers(0, 1)) << "it may have been passed by, or not";
  for (const Opcode handler : {Opcode::Catch, Opcode::CatchAll, Opcode::Delegate}) {
    const std::vector<Instruction> tried{of(Opcode::Try), load, of(handler), nop};
    EXPECT_FALSE(after(tried, 1).covers(0, 1));
  }
  const std::vector<Instruction> table{of(Opcode::TryTable), load, end, nop};
  EXPECT_FALSE(after(table, 1).covers(0, 1));
}

TEST(ComparedLocals, ALoopsNextTurnMayHaveAnotherValue) {
  const std::vector<Instruction> set_below{load, loop, nop, set0, end, nop};
  ComparedLocals compared;
  compared.start(set_below, 2);
  compared.follow(0);
  compared.add({0, 0});
  compared.follow(2);
  EXPECT_FALSE(compared.covers(0, 1));
  const std::vector<Instruction> never_set{load, loop, nop, end, nop};
  EXPECT_TRUE(after(never_set).covers(0, 1));
  const std::vector<Instruction> within{loop, load, nop};
  EXPECT_TRUE(after(within, 1).covers(0, 1));
  const std::vector<Instruction> set_for_the_last_time{load, get0, set1, loop, nop};
  EXPECT_TRUE(after(set_for_the_last_time).covers(1, 1));
}

}  // namespace
}  // namespace merlon::wasm::baseline
