#include <gtest/gtest.h>

#include "merlon/wasm/testing/operands.h"

// What an instruction gives must not depend on where its operands are, nor on where its result
// goes; and it must leave everything else alone. So each vector instruction is compiled in many
// surroundings, all held against the plainest one, whose results the official suite judges.

namespace merlon::wasm {
namespace {

using testing::below;
using testing::Bytes;
using testing::chance;
using testing::constant;
using testing::Function;
using testing::interesting;
using testing::own;
using testing::params_of;
using testing::Program;
using testing::Random;
using testing::result_of;
using testing::same;

/// An instruction with immediates.
Bytes with_immediates(Opcode op, Random& random) {
  Bytes bytes;
  bytes.op(op);
  const OpcodeInfo& row = info(op);
  const auto lanes = [op] {
    const std::string_view text = text_of(op);
    if (text.starts_with("i8x16")) return 16U;
    if (text.starts_with("i16x8")) return 8U;
    return text[1] == '3' ? 4U : 2U;
  };
  const auto random_byte = [&](std::size_t bound) {
    bytes.byte(static_cast<std::uint32_t>(below(random, bound)));
  };
  const Immediate immediate = row.immediate;
  if (immediate == Immediate::MemArg || immediate == Immediate::MemArgLane) {
    bytes.u32(0).u32(static_cast<std::uint32_t>(below(random, 16)));
    if (immediate == Immediate::MemArgLane) random_byte(16U >> row.alignment);
  } else if (immediate == Immediate::Lane) {
    random_byte(lanes());
  } else if (immediate == Immediate::V128) {
    bytes.raw(random(), 8).raw(random(), 8);
  } else if (immediate == Immediate::Shuffle) {
    for (int i = 0; i < 16; ++i) random_byte(32);
  }
  return bytes;
}

/// One instruction and the parameters of a function around it: its operands, then a vector that
/// stands for everything else. Results: the instruction's, then that vector, changed.
struct Subject {
  Opcode op;
  Bytes instruction;
  std::string params;
  std::string result;
  std::vector<Slot> baked;  ///< arguments that operands are constants of
};

constexpr std::uint32_t operands_kept = 0x8000;  ///< where a surrounding keeps its operands
constexpr std::uint32_t stored = 16;             ///< bytes beyond the address that stores reach

/// What a store has done is read back as the function's result.
Function frame_of(const Subject& subject) {
  Function function;
  function.params = subject.params;
  function.results = subject.result.empty() ? "vv" : subject.result + "v";
  function.locals = function.results;
  return function;
}

void fill_memory(Function& function) {
  if (!function.params.starts_with('a')) return;
  for (std::uint32_t i = 0; i < 4; ++i) {
    function.body.get(0).v128({0x0123'4567'89ab'cdefU + i, 0xfedc'ba98'7654'3210U - i});
    function.body.store(16 * i);
  }
}

Function plain(const Subject& subject) {
  Function function = frame_of(subject);
  fill_memory(function);
  const auto operands = static_cast<std::uint32_t>(subject.params.size() - 1);
  for (std::uint32_t i = 0; i < operands; ++i) function.body.get(i);
  function.body.append(subject.instruction);
  if (subject.result.empty()) function.body.get(0).load(stored);
  function.body.get(operands);
  return function;
}

/// Some other way to do the same.
class Surrounding {
 public:
  Surrounding(const Subject& subject, Random& random)
      : subject_(subject),
        random_(random),
        function_(frame_of(subject)),
        operands_(static_cast<std::uint32_t>(subject.params.size() - 1)) {}

  Function build() {
    Bytes& body = function_.body;
    // A function with handlers keeps all its locals in memory.
    if (chance(random_, 3)) body.op(Opcode::TryTable).byte(0x40).u32(0).op(Opcode::End);
    fill_memory(function_);
    keep_operands();
    push_others();
    const bool looped = chance(random_, 3);
    if (looped) body.op(Opcode::Loop).byte(0x40);
    for (std::uint32_t i = 0; i < operands_; ++i) push_operand(i);
    body.append(subject_.instruction);
    const std::uint32_t result = finish_instruction();
    if (looped) body.op(Opcode::End);
    for (std::size_t i = 1; i < others_; ++i) body.op(Opcode::V128Xor);
    body.set(check());
    body.get(result).get(check());
    return std::move(function_);
  }

  /// `arguments` with those that are constants here.
  [[nodiscard]] std::vector<Slot> adapted(std::vector<Slot> arguments) const {
    for (std::uint32_t i = 0; i < operands_; ++i) {
      if ((constants_ >> i & 1U) != 0) arguments[i] = subject_.baked[i];
    }
    return arguments;
  }

  /// What the second result must be.
  [[nodiscard]] Slot expected(const std::vector<Slot>& arguments) const {
    Slot value = mixed_;
    for (std::uint32_t i = 0; i <= operands_; ++i) {
      if ((aliases_ >> i & 1U) != 0) {
        value.low ^= arguments[i].low;
        value.high ^= arguments[i].high;
      }
    }
    return value;
  }

 private:
  [[nodiscard]] std::uint32_t own_result() const { return operands_ + 1; }
  [[nodiscard]] std::uint32_t check() const { return operands_ + 2; }

  void keep_operands() {
    if (subject_.params.starts_with('a')) return;  // memory is what the instruction is about
    for (std::uint32_t i = 0; i < operands_; ++i) {
      if (subject_.params[i] != 'v') continue;
      function_.body.op(Opcode::I32Const).s64(operands_kept).get(i).store(16 * i);
    }
  }

  /// Vectors below the operands: in registers, in slots, or still those of parameters.
  void push_others() {
    Bytes& body = function_.body;
    others_ = 1 + below(random_, 20);
    for (std::size_t i = 0; i < others_; ++i) {
      const auto from = static_cast<std::uint32_t>(below(random_, operands_ + 1));
      const std::uint32_t local = function_.params[from] == 'v' ? from : operands_;
      body.get(local);
      aliases_ ^= 1U << local;
      if (chance(random_, 3)) continue;
      const Slot value{random_(), random_()};
      body.v128(value).op(Opcode::V128Xor);
      mixed_.low ^= value.low;
      mixed_.high ^= value.high;
    }
  }

  void push_operand(std::uint32_t i) {
    Bytes& body = function_.body;
    const char type = subject_.params[i];
    const bool kept = type == 'v' && !subject_.params.starts_with('a');
    switch (below(random_, 6)) {
      case 0:
        constant(body, type, subject_.baked[i]);
        constants_ |= 1U << i;
        break;
      case 1:
        if (kept) body.op(Opcode::I32Const).s64(operands_kept).load(16 * i);
        else body.get(i);
        break;
      case 2:
      case 3:
        body.get(i);
        own(body, type);
        break;
      default: body.get(i); break;
    }
    // All operands so far go to their slots.
    if (chance(random_, 5)) body.op(Opcode::Block).byte(0x40).op(Opcode::End);
  }

  /// Gives the local in which the result is: one of its own, or a parameter.
  std::uint32_t finish_instruction() {
    Bytes& body = function_.body;
    if (subject_.result.empty()) body.get(0).load(stored);
    const std::string& type = subject_.result;
    std::uint32_t result = own_result();
    for (std::uint32_t i = 0; i <= operands_; ++i) {
      if (type == subject_.params.substr(i, 1) && chance(random_, 2)) result = i;
    }
    if (result == own_result() || !chance(random_, 4)) {
      body.set(result);
      return result;
    }
    body.op(Opcode::LocalTee).u32(result).set(own_result());
    return own_result();
  }

  const Subject& subject_;
  Random& random_;
  Function function_;
  std::uint32_t operands_;
  std::size_t others_ = 0;
  std::uint32_t aliases_ = 0;    ///< parameters an odd number of times among the others
  std::uint32_t constants_ = 0;  ///< operands that are constants
  Slot mixed_{0, 0};
};

std::size_t float_lanes(const Subject& subject) {
  const std::string_view text = text_of(subject.op);
  if (subject.result != "v" || text.find("_lane") != text.npos) return 0;
  return text.starts_with("f32x4") ? 4 : text.starts_with("f64x2") ? 8 : 0;
}

Subject subject_of(Opcode op, Random& random) {
  Subject subject{op, with_immediates(op, random), params_of(op) + "v", result_of(op), {}};
  for (const char type : subject.params) {
    subject.baked.push_back(chance(random, 4) ? Slot{0, 0} : interesting(random, type));
  }
  return subject;
}

void compare(const Subject& subject, Random& random) {
  constexpr std::size_t variants = 16;
  constexpr std::size_t rounds = 12;
  std::vector<Function> functions = {plain(subject)};
  std::vector<Surrounding> surroundings;
  for (std::size_t i = 0; i < variants; ++i) {
    surroundings.emplace_back(subject, random);
    functions.push_back(surroundings.back().build());
  }
  Program program(std::move(functions));
  for (std::size_t round = 0; round < rounds; ++round) {
    std::vector<Slot> any;
    for (const char type : subject.params) any.push_back(interesting(random, type));
    for (std::size_t i = 0; i < variants; ++i) {
      const std::vector<Slot> arguments = surroundings[i].adapted(any);
      const Slot expected = program.run(0, arguments).front();
      const std::vector<Slot> results = program.run(i + 1, arguments);
      ASSERT_TRUE(same(results[0], expected, float_lanes(subject)))
          << text_of(subject.op) << ", variant " << i << std::hex << ": " << results[0].high << " "
          << results[0].low << " for " << expected.high << " " << expected.low;
      const Slot others = surroundings[i].expected(arguments);
      ASSERT_TRUE(same(results[1], others, 0))
          << text_of(subject.op) << ", variant " << i << " changed another value";
    }
  }
}

std::vector<std::size_t> vector_instructions() {
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < opcode_count; ++i) {
    const Feature feature = opcode_table[i].feature;
    if (feature == Feature::Simd || feature == Feature::RelaxedSimd) result.push_back(i);
  }
  return result;
}

TEST(VectorInstruction, GivesTheSameInAllSurroundings) {
  for (const std::size_t index : vector_instructions()) {
    Random random(index);
    for (int i = 0; i < 4; ++i) {
      compare(subject_of(static_cast<Opcode>(index), random), random);
      if (HasFatalFailure()) return;
    }
  }
}

/// Without giving registers back there would soon be none.
TEST(VectorInstruction, HoldsNoRegisterAfterwards) {
  for (const std::size_t index : vector_instructions()) {
    Random random(index);
    const Subject subject = subject_of(static_cast<Opcode>(index), random);
    const std::string operands = params_of(subject.op);
    Function function{operands, "", subject.result, {}};
    const auto local = static_cast<std::uint32_t>(operands.size());
    for (int i = 0; i < 100; ++i) {
      for (std::uint32_t j = 0; j < operands.size(); ++j) {
        function.body.get(j);
        if (chance(random, 2)) own(function.body, operands[j]);
        if (chance(random, 8)) function.body.op(Opcode::Block).byte(0x40).op(Opcode::End);
      }
      function.body.append(subject.instruction);
      if (subject.result.empty()) continue;
      if (chance(random, 2)) function.body.set(local);
      else function.body.op(Opcode::Drop);
    }
    std::vector<Slot> arguments;
    for (const char type : operands) arguments.push_back(interesting(random, type));
    for (const Bounds bounds : {Bounds::Guards, Bounds::Checks}) {
      EngineOptions options;
      options.bounds = bounds;
      Program program({function}, options);
      EXPECT_TRUE(program.run(0, arguments).empty());
    }
  }
}

bool traps_out_of_bounds(Program& program, std::size_t function, std::vector<Slot> arguments) {
  const Outcome outcome = program.call(function, arguments);
  const Trap* trap = std::get_if<Trap>(&outcome);
  return trap != nullptr && trap->kind == TrapKind::MemoryOutOfBounds;
}

TEST(VectorMemory, TrapsBeyondTheLastByteOnly) {
  Random random(1);
  for (const std::size_t index : vector_instructions()) {
    const OpcodeInfo& row = opcode_table[index];
    if (!row.signature.starts_with("a")) continue;
    Subject subject = subject_of(static_cast<Opcode>(index), random);
    subject.instruction = Bytes().op(subject.op).u32(0).u32(3);
    if (row.immediate == Immediate::MemArgLane) subject.instruction.byte(0);
    Function function = frame_of(subject);
    for (std::uint32_t i = 0; i + 1 < subject.params.size(); ++i) function.body.get(i);
    function.body.append(subject.instruction);
    if (subject.result.empty()) function.body.v128({1, 2});
    function.body.get(0).op(Opcode::I32x4Splat);
    Program program({function});
    const std::uint64_t last = 65536 - (std::uint64_t{1} << row.alignment) - 3;
    std::vector<Slot> arguments(subject.params.size());
    arguments[0].low = last;
    EXPECT_EQ(program.run(0, arguments).size(), 2U) << text_of(static_cast<Opcode>(index));
    arguments[0].low = last + 1;
    EXPECT_TRUE(traps_out_of_bounds(program, 0, arguments)) << text_of(static_cast<Opcode>(index));
  }
}

TEST(VectorMemory, ALoadThatTheNextInstructionTakesOverTraps) {
  Function function{"av", "v", "", {}};
  function.body.get(1).get(0).load(0).op(Opcode::I32x4Add);
  Program program({function});
  EXPECT_EQ(program.run(0, {{65520, 0}, {5, 6}}).front().high, 6U);
  EXPECT_TRUE(traps_out_of_bounds(program, 0, {{65521, 0}, {5, 6}}));
}

TEST(VectorMemory, ALoadThatTheNextInstructionTakesOverHoldsNoRegister) {
  Function function{"av", "v", "", {}};
  Bytes& body = function.body;
  body.get(1);
  for (int i = 0; i < 100; ++i) {
    body.get(0);
    own(body, 'a');
    body.load(0).op(Opcode::V128Xor);
  }
  Program program({function});
  EXPECT_EQ(program.run(0, {{0, 0}, {5, 6}}).front().high, 6U);
}

TEST(VectorConstant, EachHalfIsItsOwn) {
  constexpr std::uint64_t halves[] = {0, ~std::uint64_t{0}, 1, 0x0123'4567'89ab'cdef};
  const Slot other{0x8899'aabb'ccdd'eeff, 0x1122'3344'5566'7788};
  std::vector<Function> functions;
  std::vector<Slot> constants;
  for (const std::uint64_t low : halves) {
    for (const std::uint64_t high : halves) {
      constants.push_back({low, high});
      // By itself; as what the next instruction takes from memory; and each half of it behind half
      // of the other one.
      Function function{"v", "vvvv", "", {}};
      Bytes& body = function.body;
      body.v128({low, high}).get(0).v128({low, high}).op(Opcode::V128Xor);
      for (const std::uint32_t lane : {16U, 24U}) {
        body.get(0).v128({low, high}).op(Opcode::I8x16Shuffle);
        for (std::uint32_t i = 0; i < 8; ++i) body.byte(i);
        for (std::uint32_t i = 0; i < 8; ++i) body.byte(lane + i);
      }
      functions.push_back(std::move(function));
    }
  }
  Program program(std::move(functions));
  for (std::size_t i = 0; i < constants.size(); ++i) {
    const auto [low, high] = constants[i];
    const std::vector<Slot> results = program.run(i, {other});
    EXPECT_TRUE(same(results[0], {low, high}, 0)) << i;
    EXPECT_TRUE(same(results[1], {low ^ other.low, high ^ other.high}, 0)) << i;
    EXPECT_TRUE(same(results[2], {other.low, low}, 0)) << i;
    EXPECT_TRUE(same(results[3], {other.low, high}, 0)) << i;
  }
}

TEST(VectorShift, ConstantCountsShiftAsVariableOnesDo) {
  Random random(1);
  for (const Opcode op :
       {Opcode::I8x16Shl, Opcode::I8x16ShrS, Opcode::I8x16ShrU, Opcode::I16x8Shl, Opcode::I16x8ShrS,
        Opcode::I16x8ShrU, Opcode::I32x4Shl, Opcode::I32x4ShrS, Opcode::I32x4ShrU, Opcode::I64x2Shl,
        Opcode::I64x2ShrS, Opcode::I64x2ShrU}) {
    std::vector<Function> functions;
    for (std::uint32_t count = 0; count < 130; ++count) {
      Function function{"vi", "vv", "", {}};
      function.body.get(0).op(Opcode::I32Const).s64(count).op(op).get(0).get(1).op(op);
      functions.push_back(std::move(function));
    }
    Program program(std::move(functions));
    for (std::uint32_t i = 0; i < 130 * 8; ++i) {
      const std::uint32_t count = i % 130;
      const auto results = program.run(count, {interesting(random, 'v'), {count, 0}});
      ASSERT_TRUE(same(results[0], results[1], 0)) << text_of(op) << " by " << count;
    }
  }
}

bool is_comparison(Opcode op) {
  const std::string_view text = text_of(op);
  const std::string_view name = text.substr(text.find('.') + 1, 3);
  return text[0] != 'v' && (name.substr(0, 2) == "eq" || name == "ne" || name == "lt" ||
                            name == "gt" || name == "le" || name == "ge" || name == "lt_" ||
                            name == "gt_" || name == "le_" || name == "ge_");
}

constexpr Opcode mask_consumers[] = {
    Opcode::I8x16AllTrue,           Opcode::I16x8AllTrue,           Opcode::I32x4AllTrue,
    Opcode::I64x2AllTrue,           Opcode::V128Bitselect,          Opcode::I8x16RelaxedLaneselect,
    Opcode::I16x8RelaxedLaneselect, Opcode::I32x4RelaxedLaneselect, Opcode::I64x2RelaxedLaneselect};

/// Right after a comparison some instructions rely on its lanes having all their bits or none.
/// Here each is also given the comparison's result by way of a local.
TEST(VectorMask, ConsumersDoTheSameRightAfterAComparison) {
  Random random(1);
  std::size_t comparisons = 0;
  for (const std::size_t index : vector_instructions()) {
    const auto compare = static_cast<Opcode>(index);
    if (!is_comparison(compare)) continue;
    ++comparisons;
    std::vector<Function> functions;
    for (const Opcode consumer : mask_consumers) {
      Function function{"vvvv", "", "v", {}};
      const bool selects = params_of(consumer) == "vvv";
      for (int way = 0; way < 3; ++way) {
        function.results += result_of(consumer);
        if (way == 0) function.body.get(2).get(3).op(compare).set(4);
        if (selects) function.body.get(0).get(1);
        if (way == 0) function.body.get(4);
        else function.body.get(2).get(3).op(compare);
        if (way == 2) function.body.op(Opcode::LocalTee).u32(4);
        function.body.op(consumer);
      }
      functions.push_back(std::move(function));
    }
    Program program(std::move(functions));
    for (std::size_t i = 0; i < 64 * std::size(mask_consumers); ++i) {
      const Slot left = interesting(random, 'v');
      Slot right = interesting(random, 'v');
      if (chance(random, 2)) right.low = left.low;
      if (chance(random, 2)) right.high = left.high ^ below(random, 2);
      const auto results =
          program.run(i % std::size(mask_consumers),
                      {interesting(random, 'v'), interesting(random, 'v'), left, right});
      const std::string_view consumer = text_of(mask_consumers[i % std::size(mask_consumers)]);
      ASSERT_TRUE(same(results[0], results[1], 0)) << text_of(compare) << ", " << consumer;
      ASSERT_TRUE(same(results[0], results[2], 0)) << text_of(compare) << ", " << consumer;
    }
  }
  EXPECT_EQ(comparisons, 48U);
}

}  // namespace
}  // namespace merlon::wasm
