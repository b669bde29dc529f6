#include <limits>
#include <optional>
#include <type_traits>

#include <gtest/gtest.h>

#include "merlon/wasm/testing/binary.h"
#include "merlon/wasm/testing/operands.h"

// What an instruction gives must not depend on where its operands are, nor on where its result
// goes; and it must leave everything else alone. So each instruction on numbers is compiled in many
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

/// One instruction, or several that the compiler takes as one.
struct Subject {
  std::string name;
  Bytes instruction;
  std::string params;
  std::string result;
  std::uint32_t offset = 0;  ///< of a load or store
};

/// Where the instruction finds an operand.
enum class From : std::uint8_t { Local, Register, Slot, Constant, First };
/// Where the result goes, or what is done with it as a condition.
enum class To : std::uint8_t {
  Register,
  Slot,
  Local,
  First,  ///< the local that is the first operand
  Last,
  Tee,
  If,
  BranchIf,
  Select,
  SelectHome,  ///< into the local of the other value
  SelectFloat,
  Zero,
};
constexpr To all_ways[] = {To::Register, To::Slot,       To::Local,       To::First,
                           To::Last,     To::Tee,        To::If,          To::BranchIf,
                           To::Select,   To::SelectHome, To::SelectFloat, To::Zero};

/// Where locals are: in registers, in the frame, or in those of a loop.
enum class Frame : std::uint8_t { Homes, Memory, Loop };

struct Surrounding {
  std::vector<From> from;
  To to = To::Register;
  Frame frame = Frame::Homes;
  bool busy = false;  ///< with values below the operands in all registers
};

constexpr std::uint32_t before = 7;  ///< what the result's local holds before
constexpr std::uint32_t others = 14;

/// A function of the operands and of an i32, giving the result, then the parameters as they are
/// afterwards, then what the values below the operands have come to.
class Builder {
 public:
  Builder(const Subject& subject, const Surrounding& surrounding, const std::vector<Slot>& baked)
      : subject_(subject), surrounding_(surrounding), baked_(baked) {}

  Function build() {
    const bool stores = subject_.result.empty();
    function_.params = subject_.params + "i";
    function_.locals = (stores ? "I" : subject_.result) + "i";
    function_.results = function_.locals.substr(0, 1) + function_.params + "i";
    Bytes& body = function_.body;
    if (surrounding_.frame == Frame::Memory) {
      // A function with handlers keeps all its locals there.
      body.op(Opcode::TryTable).byte(0x40).u32(0).op(Opcode::End);
    }
    if (stores && subject_.offset < 100) {
      body.get(0).op(Opcode::I64Const).s64(-1).op(Opcode::I64Store).u32(0).u32(subject_.offset);
    }
    push_others();
    if (surrounding_.frame == Frame::Loop) body.op(Opcode::Loop).byte(0x40);
    begin();
    for (std::uint32_t i = 0; i < subject_.params.size(); ++i) push_operand(i);
    body.append(subject_.instruction);
    if (stores) body.get(0).op(Opcode::I64Load).u32(0).u32(subject_.offset);
    finish();
    if (surrounding_.frame == Frame::Loop) body.op(Opcode::End);
    fold_others();
    body.get(surrounding_.to == To::First ? 0 : surrounding_.to == To::Last ? last() : result());
    for (std::uint32_t i = 0; i <= extra(); ++i) body.get(i);
    body.get(check());
    return std::move(function_);
  }

 private:
  [[nodiscard]] std::uint32_t extra() const {
    return static_cast<std::uint32_t>(subject_.params.size());
  }
  [[nodiscard]] std::uint32_t last() const { return extra() - 1; }
  [[nodiscard]] std::uint32_t result() const { return extra() + 1; }
  [[nodiscard]] std::uint32_t check() const { return extra() + 2; }

  void push_others() {
    if (!surrounding_.busy) return;
    for (std::uint32_t i = 0; i < others; ++i) {
      function_.body.get(extra()).op(Opcode::I32Const).s64(i).op(Opcode::I32Xor);
    }
  }

  void fold_others() {
    if (!surrounding_.busy) return;
    for (std::uint32_t i = 1; i < others; ++i) function_.body.op(Opcode::I32Xor);
    function_.body.set(check());
  }

  /// On one of two ways only: all registers are wanted for something else.
  void press() {
    Bytes& body = function_.body;
    for (std::uint32_t i = 0; i < others; ++i) {
      body.get(extra()).op(Opcode::I32Const).s64(i).op(Opcode::I32Xor);
    }
    for (std::uint32_t i = 0; i < others; ++i) body.op(Opcode::Drop);
  }

  void push_operand(std::uint32_t i) {
    Bytes& body = function_.body;
    const From from = surrounding_.from[i];
    if (from == From::Constant) {
      constant(body, subject_.params[i], baked_[i]);
      return;
    }
    body.get(from == From::First ? 0 : i);
    if (from == From::Register) own(body, subject_.params[i]);
    if (from == From::Slot) body.op(Opcode::Block).byte(0x40).op(Opcode::End);
  }

  /// What has to lie below the operands.
  void begin() {
    Bytes& body = function_.body;
    const auto number = [&body](std::uint32_t value) -> Bytes& {
      return body.op(Opcode::I32Const).s64(value);
    };
    switch (surrounding_.to) {
      case To::BranchIf: number(1).set(result()).op(Opcode::Block).byte(0x40); return;
      case To::Select: number(1), number(0); return;
      case To::SelectHome: number(before).set(result()).get(extra()).get(result()); return;
      case To::SelectFloat:
        body.op(Opcode::F64Const).raw(0x3ff0'0000'0000'0000, 8).op(Opcode::F64Const).raw(0, 8);
        return;
      case To::Register:
      case To::Slot:
      case To::Local:
      case To::First:
      case To::Last:
      case To::Tee:
      case To::If:
      case To::Zero: return;
    }
  }

  void finish() {
    Bytes& body = function_.body;
    switch (surrounding_.to) {
      case To::Register: own(body, function_.locals[0]); break;
      case To::Slot: body.op(Opcode::Block).byte(0x40).op(Opcode::End); break;
      case To::Local: break;
      case To::First: body.set(0); return;
      case To::Last: body.set(last()); return;
      case To::Tee: body.op(Opcode::LocalTee).u32(0); break;
      case To::If:
        body.op(Opcode::If).byte(0x7f).op(Opcode::I32Const).byte(1).op(Opcode::Else);
        press();
        body.op(Opcode::I32Const).byte(0).op(Opcode::End);
        break;
      case To::BranchIf:
        body.op(Opcode::BrIf).u32(0);
        press();
        body.op(Opcode::I32Const).byte(0).set(result()).op(Opcode::End);
        return;
      case To::Select:
      case To::SelectHome: body.op(Opcode::Select); break;
      case To::SelectFloat: body.op(Opcode::Select).op(Opcode::I32TruncF64S); break;
      case To::Zero: body.op(Opcode::I32Eqz).op(Opcode::I32Eqz).op(Opcode::I32Eqz); break;
    }
    body.set(result());
  }

  const Subject& subject_;
  const Surrounding& surrounding_;
  const std::vector<Slot>& baked_;
  Function function_;
};

/// The arguments with those that the surrounding has as constants or takes from the first.
std::vector<Slot> adapted(const Surrounding& surrounding, const std::vector<Slot>& baked,
                          std::vector<Slot> arguments) {
  for (std::size_t i = 0; i < surrounding.from.size(); ++i) {
    if (surrounding.from[i] == From::Constant) arguments[i] = baked[i];
    if (surrounding.from[i] == From::First) arguments[i] = arguments[0];
  }
  return arguments;
}

/// What the function must give where the plainest one has given `value`.
std::vector<Slot> expected(const Surrounding& surrounding, Slot value,
                           const std::vector<Slot>& arguments) {
  std::vector<Slot> results = {value};
  results.insert(results.end(), arguments.begin(), arguments.end());
  const To to = surrounding.to;
  if (to == To::First || to == To::Tee) results[1] = value;
  if (to == To::Last) results[results.size() - 2] = value;
  const bool holds = value.low != 0;
  if (to == To::If || to == To::BranchIf || to == To::Select || to == To::SelectFloat) {
    results[0].low = holds ? 1 : 0;
  }
  if (to == To::SelectHome) results[0].low = holds ? arguments.back().low : before;
  if (to == To::Zero) results[0].low = holds ? 0 : 1;
  std::uint64_t folded = 0;
  for (std::uint32_t i = 0; i < others; ++i) folded ^= i ^ arguments.back().low;
  results.push_back({surrounding.busy ? folded : 0, 0});
  return results;
}

bool fits(const Subject& subject, const Surrounding& surrounding) {
  const std::string result = subject.result.empty() ? "I" : subject.result;
  const auto is = [&result](char type) {
    return result[0] == type || (result == "i" && type == 'a');
  };
  const To to = surrounding.to;
  if ((to == To::First || to == To::Tee) && !is(subject.params.front())) return false;
  if (to == To::Last && !is(subject.params.back())) return false;
  if (to >= To::If && result != "i") return false;
  for (std::size_t i = 0; i < surrounding.from.size(); ++i) {
    const bool first = surrounding.from[i] == From::First;
    if (first && (i == 0 || subject.params[i] != subject.params[0])) return false;
  }
  return true;
}

Surrounding any_surrounding(const Subject& subject, Random& random) {
  Surrounding surrounding;
  do {
    surrounding.from.clear();
    for (std::size_t i = 0; i < subject.params.size(); ++i) {
      surrounding.from.push_back(static_cast<From>(below(random, 5)));
    }
    surrounding.to = all_ways[below(random, std::size(all_ways))];
    surrounding.frame = static_cast<Frame>(below(random, 3));
    surrounding.busy = chance(random, 3);
  } while (!fits(subject, surrounding));
  return surrounding;
}

std::string told(const Subject& subject, const Surrounding& surrounding) {
  std::string text = subject.name + ", operands";
  for (const From from : surrounding.from) text += " " + std::to_string(static_cast<int>(from));
  return text + ", result " + std::to_string(static_cast<int>(surrounding.to)) + ", frame " +
         std::to_string(static_cast<int>(surrounding.frame)) + (surrounding.busy ? ", busy" : "");
}

std::size_t lane_of(char type) { return type == 'f' ? 4 : type == 'F' ? 8 : 0; }

/// Runs both functions; the second one must do what the first one does.
void hold_against_plain(Program& program, std::size_t function, const Subject& subject,
                        const Surrounding& surrounding, const std::vector<Slot>& arguments) {
  const Outcome plain = program.call(0, arguments);
  const Outcome other = program.call(function, arguments);
  ASSERT_EQ(plain.index(), other.index()) << told(subject, surrounding);
  if (const auto* trap = std::get_if<Trap>(&plain)) {
    ASSERT_EQ(trap->kind, std::get<Trap>(other).kind) << told(subject, surrounding);
    return;
  }
  const Slot value = Program::bits_of(std::get<Values>(plain)).front();
  const std::vector<Slot> wanted = expected(surrounding, value, arguments);
  const std::vector<Slot> results = Program::bits_of(std::get<Values>(other));
  const char type = subject.result.empty() ? 'I' : subject.result[0];
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::size_t lane = wanted[i].low == value.low ? lane_of(type) : 0;
    ASSERT_TRUE(same(results[i], wanted[i], lane))
        << told(subject, surrounding) << ": result " << i << " is " << std::hex << results[i].low
        << ", not " << wanted[i].low;
  }
}

EngineOptions with(Bounds bounds) {
  EngineOptions options;
  options.bounds = bounds;
  return options;
}

void compare(const Subject& subject, Random& random, std::size_t variants,
             Bounds bounds = Bounds::Guards) {
  constexpr std::size_t rounds = 6;
  std::vector<Slot> baked;
  for (const char type : subject.params) baked.push_back(interesting(random, type));
  const Surrounding plain{std::vector<From>(subject.params.size(), From::Local)};
  std::vector<Function> functions = {Builder(subject, plain, baked).build()};
  std::vector<Surrounding> surroundings;
  for (std::size_t i = 0; i < variants; ++i) {
    surroundings.push_back(any_surrounding(subject, random));
    functions.push_back(Builder(subject, surroundings.back(), baked).build());
  }
  Program program(std::move(functions), with(bounds));
  for (std::size_t round = 0; round < rounds; ++round) {
    std::vector<Slot> any;
    for (const char type : subject.params) {
      any.push_back(interesting(random, type));
      // Equal operands are worth more than chance gives them, also where one is a constant.
      if (chance(random, 3)) any.back() = baked[below(random, baked.size())];
      if (type != 'v') any.back().high = 0;
      if (type == 'i' || type == 'f') any.back().low &= 0xffff'ffffU;
      if (type == 'a') any.back().low %= testing::address_limit;
    }
    any.push_back({below(random, 1000), 0});
    for (std::size_t i = 0; i < variants; ++i) {
      const std::vector<Slot> arguments = adapted(surroundings[i], baked, any);
      hold_against_plain(program, i + 1, subject, surroundings[i], arguments);
      if (::testing::Test::HasFatalFailure()) return;
    }
  }
}

/// Each instruction whose operands and result are numbers, whatever is on the stack besides.
std::vector<Subject> number_instructions() {
  std::vector<Subject> subjects;
  for (std::size_t i = 0; i < opcode_count; ++i) {
    const OpcodeInfo& row = opcode_table[i];
    const std::string_view signature = row.signature;
    const auto op = static_cast<Opcode>(i);
    if (row.prefix > 0xfc || signature == "*" || signature.starts_with(':')) continue;
    if (row.immediate == Immediate::None) {
      subjects.push_back({std::string(text_of(op)), Bytes().op(op), params_of(op), result_of(op)});
    } else if (row.immediate == Immediate::MemArg) {
      for (const std::uint32_t offset : {0U, 5U, 0x8000'0000U}) {
        subjects.push_back({std::string(text_of(op)), Bytes().op(op).u32(0).u32(offset),
                            params_of(op), result_of(op), offset});
      }
    }
  }
  return subjects;
}

TEST(ScalarInstruction, GivesTheSameInAllSurroundings) {
  const std::vector<Subject> subjects = number_instructions();
  EXPECT_EQ(subjects.size(), 136U + 3 * 23U);
  Random random(1);
  for (const Subject& subject : subjects) {
    const bool in_memory = subject.params.starts_with('a');
    for (int i = 0; i < 3; ++i) {
      compare(subject, random, 40, in_memory && i > 0 ? Bounds::Checks : Bounds::Guards);
      if (HasFatalFailure()) return;
    }
  }
}

/// Without giving registers back there would soon be none.
TEST(ScalarInstruction, HoldsNoRegisterAfterwards) {
  Random random(1);
  for (const Subject& subject : number_instructions()) {
    Function function{subject.params, "", subject.result, {}};
    const auto local = static_cast<std::uint32_t>(subject.params.size());
    std::vector<Slot> arguments;
    for (const char type : subject.params) arguments.push_back({type == 'a' ? 8U : 1U, 0});
    if (lane_of(subject.params[0]) == 4) arguments[0].low = 0x3f80'0000;
    for (int i = 0; i < 100; ++i) {
      for (std::uint32_t j = 0; j < subject.params.size(); ++j) {
        if (chance(random, 4)) constant(function.body, subject.params[j], arguments[j]);
        else function.body.get(j);
        if (chance(random, 2)) own(function.body, subject.params[j]);
        if (chance(random, 8)) function.body.op(Opcode::Block).byte(0x40).op(Opcode::End);
      }
      function.body.append(subject.instruction);
      if (subject.result.empty()) continue;
      if (chance(random, 2)) function.body.set(local);
      else function.body.op(Opcode::Drop);
    }
    for (const Bounds bounds : {Bounds::Guards, Bounds::Checks}) {
      Program program({function}, with(bounds));
      const Outcome outcome = program.call(0, arguments);
      EXPECT_EQ(std::holds_alternative<Values>(outcome), subject.offset < 100) << subject.name;
    }
  }
}

TEST(ScalarInstruction, WhatCannotGrowSaysSoInThirtyTwoBits) {
  // i32.const -1; memory.grow and ref.null func; i32.const -1; table.grow, each extended.
  for (const bool table : {false, true}) {
    testing::Binary binary;
    binary.types({1, 0x60, 0, 1, 0x7e}).section(3, {1, 0}).section(4, {1, 0x70, 0, 1});
    binary.section(5, {1, 0, 1}).section(7, {1, 1, 'f', 0, 0});
    if (table) binary.code({0, 0xd0, 0x70, 0x41, 0x7f, 0xfc, 15, 0, 0xad, 0x0b});
    else binary.code({0, 0x41, 0x7f, 0x40, 0, 0xad, 0x0b});
    testing::Machine machine(binary.bytes());
    ASSERT_NE(machine.instance, nullptr);
    const Outcome outcome = machine.call({});
    ASSERT_TRUE(std::holds_alternative<Values>(outcome));
    EXPECT_EQ(std::get<Values>(outcome).front().as_i64(), 0xffff'ffffU) << table;
  }
}

/// What the specification has a division give; nothing where it has it trap.
template <typename Number>
std::optional<std::uint64_t> divided(bool remainder, std::uint64_t left, std::uint64_t right) {
  const auto dividend = static_cast<Number>(left);
  const auto divisor = static_cast<Number>(right);
  if (divisor == 0) return std::nullopt;
  if (std::is_signed_v<Number> && divisor == static_cast<Number>(-1)) {
    if (remainder) return 0;
    if (dividend == std::numeric_limits<Number>::min()) return std::nullopt;
  }
  const Number result = remainder ? dividend % divisor : dividend / divisor;
  return static_cast<std::make_unsigned_t<Number>>(result);
}

struct Division {
  Opcode op;
  char type;
  bool remainder;
  std::optional<std::uint64_t> (*divide)(bool, std::uint64_t, std::uint64_t);
};

std::uint64_t mask_of(char type) { return type == 'i' ? 0xffff'ffffU : ~std::uint64_t{0}; }

/// Powers of two, what lies beside them, and their negatives.
std::vector<std::uint64_t> near_powers_of_two(char type) {
  std::vector<std::uint64_t> numbers;
  for (std::uint32_t bit = 0; bit < (type == 'i' ? 32U : 64U); ++bit) {
    const std::uint64_t power = std::uint64_t{1} << bit;
    for (const std::uint64_t number : {power - 1, power, power + 1, 0 - power}) {
      numbers.push_back(number & mask_of(type));
    }
  }
  return numbers;
}

TEST(ScalarInstruction, ADivisionByAConstantIsADivision) {
  constexpr Division divisions[] = {
      {Opcode::I32DivS, 'i', false, divided<std::int32_t>},
      {Opcode::I32DivU, 'i', false, divided<std::uint32_t>},
      {Opcode::I32RemS, 'i', true, divided<std::int32_t>},
      {Opcode::I32RemU, 'i', true, divided<std::uint32_t>},
      {Opcode::I64DivS, 'I', false, divided<std::int64_t>},
      {Opcode::I64DivU, 'I', false, divided<std::uint64_t>},
      {Opcode::I64RemS, 'I', true, divided<std::int64_t>},
      {Opcode::I64RemU, 'I', true, divided<std::uint64_t>},
  };
  constexpr std::uint64_t dividends[] = {0,
                                         5,
                                         0x7fff'ffff,
                                         0x8000'0000,
                                         0xffff'ffff,
                                         0x0123'4567'89ab'cdef,
                                         0xfedc'ba98'7654'3210,
                                         0x7fff'ffff'ffff'ffff,
                                         0x8000'0000'0000'0000,
                                         0xffff'ffff'ffff'ffff};
  for (const Division& division : divisions) {
    const std::vector<std::uint64_t> numbers = near_powers_of_two(division.type);
    std::vector<Function> functions;
    for (const std::uint64_t divisor : numbers) {
      Function function{std::string(1, division.type), std::string(1, division.type), "", {}};
      constant(function.body.get(0), division.type, {divisor, 0});
      function.body.op(division.op);
      functions.push_back(std::move(function));
    }
    Program program(std::move(functions));
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      for (const std::uint64_t wide : dividends) {
        const std::uint64_t dividend = wide & mask_of(division.type);
        const auto wanted = division.divide(division.remainder, dividend, numbers[i]);
        const Outcome outcome = program.call(i, {{dividend, 0}});
        const auto told = [&] {
          return ::testing::Message()
                 << text_of(division.op) << std::hex << " " << dividend << " by " << numbers[i];
        };
        if (const auto* trap = std::get_if<Trap>(&outcome)) {
          ASSERT_FALSE(wanted.has_value()) << told();
          ASSERT_EQ(trap->kind,
                    numbers[i] == 0 ? TrapKind::IntegerDivideByZero : TrapKind::IntegerOverflow)
              << told();
        } else {
          ASSERT_EQ(Program::bits_of(std::get<Values>(outcome))[0].low, wanted) << told();
        }
      }
    }
  }
}

TEST(ScalarInstruction, SeveralThatAreTakenAsOneDoTheSame) {
  Random random(1);
  for (std::uint32_t by = 0; by < 5; ++by) {
    Bytes add;
    add.op(Opcode::I32Const).s64(by).op(Opcode::I32Shl).op(Opcode::I32Add);
    const Subject subject{"a + (b << k)", add, "ii", "i"};
    for (int i = 0; i < 3; ++i) compare(subject, random, 60);
  }
  for (const std::string type : {"i", "I", "f", "F", "v"}) {
    const Subject subject{"select", Bytes().op(Opcode::Select), type + type + "i", type};
    for (int i = 0; i < 5; ++i) compare(subject, random, 50);
  }
  for (const Opcode op : {Opcode::F32Eq, Opcode::F64Ne, Opcode::F64Lt, Opcode::I32LtS,
                          Opcode::I64GeU, Opcode::I64Eqz}) {
    const Bytes chosen = Bytes().op(op).op(Opcode::Select);
    for (const std::string type : {"i", "I", "f", "F", "v"}) {
      const Subject subject{"select after " + std::string(text_of(op)), chosen,
                            type + type + params_of(op), type};
      for (int i = 0; i < 2; ++i) compare(subject, random, 30);
    }
  }
}

}  // namespace
}  // namespace merlon::wasm
