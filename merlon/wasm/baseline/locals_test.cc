// Locals start as zero whatever lay where they are, and setting one changes no other.

#include <bit>

#include <gtest/gtest.h>

#include "merlon/wasm/testing/operands.h"

namespace merlon::wasm {
namespace {

using testing::Bytes;
using testing::Function;
using testing::Program;

/// A function with handlers keeps all its locals in the frame.
void keep_in_frame(Bytes& body) { body.op(Opcode::TryTable).byte(0x40).u32(0).op(Opcode::End); }

/// Leaves nothing but ones where the frames of the functions called next will be.
Function soiling() {
  constexpr std::uint32_t vectors = 200;
  Function function{"", "", std::string(vectors, 'v'), {}};
  keep_in_frame(function.body);
  for (std::uint32_t i = 0; i < vectors; ++i) {
    function.body.v128({~std::uint64_t{0}, ~std::uint64_t{0}}).set(i);
  }
  return function;
}

/// Gives its parameters and then all its locals, of which none was ever set.
Function reading(const std::string& params, const std::string& locals, bool in_frame) {
  Function function{params, params + locals, locals, {}};
  if (in_frame) keep_in_frame(function.body);
  const auto count = static_cast<std::uint32_t>(function.results.size());
  for (std::uint32_t i = 0; i < count; ++i) function.body.get(i);
  return function;
}

TEST(Locals, StartAsZeroHoweverManyThereAre) {
  std::vector<Function> functions = {soiling()};
  std::vector<std::string> locals;
  for (const std::string types : {"i", "I", "f", "F", "v", "ivIF"}) {
    for (std::size_t count = 1; count < 30; ++count) {
      locals.emplace_back();
      for (std::size_t i = 0; i < count; ++i) locals.back() += types[i % types.size()];
    }
  }
  for (const std::string& types : locals) {
    for (const bool in_frame : {false, true}) functions.push_back(reading("Iv", types, in_frame));
  }
  Program program(std::move(functions));
  const std::vector<Slot> arguments = {{0x0123'4567'89ab'cdef, 0}, {~std::uint64_t{0}, 1}};
  for (std::size_t i = 0; i < 2 * locals.size(); ++i) {
    EXPECT_TRUE(program.run(0, {}).empty());
    const std::vector<Slot> results = program.run(i + 1, arguments);
    for (std::size_t k = 0; k < results.size(); ++k) {
      const Slot wanted = k < arguments.size() ? arguments[k] : Slot{0, 0};
      ASSERT_TRUE(testing::same(results[k], wanted, 0))
          << locals[i / 2] << ", in the frame: " << i % 2 << ", value " << k;
    }
  }
}

/// Frames that are larger than the slack below the stack's limit are looked at before they are
/// used.
TEST(Locals, MayNotBeMoreThanTheStackHolds) {
  constexpr std::uint32_t vectors = 3000;
  Function function{"", "", std::string(vectors, 'v'), {}};
  for (std::uint32_t i = 0; i < vectors; ++i) function.body.v128({i, i}).set(i);
  function.body.op(Opcode::Call).u32(0);
  for (std::uint32_t i = 0; i < vectors; ++i) function.body.get(i).op(Opcode::Drop);
  Program program({function, soiling()});
  for (int times = 0; times < 2; ++times) {
    const Outcome outcome = program.call(0, {});
    const auto* trap = std::get_if<Trap>(&outcome);
    ASSERT_NE(trap, nullptr);
    EXPECT_EQ(trap->kind, TrapKind::StackOverflow);
    EXPECT_TRUE(program.run(1, {}).empty());
  }
}

/// How a loop is left.
enum class Exit : std::uint8_t {
  Falls,
  Branch,
  BranchIf,
  Table,
  Value,
  ValueIf,
  ValueTable,
  Values,
  Return,
  Outer,  ///< to the start of a loop around it, then by a branch
};
constexpr Exit all_exits[] = {Exit::Falls,  Exit::Branch,  Exit::BranchIf,   Exit::Table,
                              Exit::Value,  Exit::ValueIf, Exit::ValueTable, Exit::Values,
                              Exit::Return, Exit::Outer};

/// Two loops, each busy with locals of its own, more of them than there are registers: the second
/// one has its locals in registers that the function has for those of the first. Gives all locals
/// and what the second loop was left with.
class TwoLoops {
 public:
  static constexpr std::uint32_t set = 11;  ///< locals of each loop
  static constexpr std::uint32_t counter = 2 * set;
  static constexpr std::uint32_t outcome = counter + 1;
  static constexpr std::uint32_t outer_counter = counter + 2;
  static constexpr std::uint32_t first_turns = 3, second_turns = 5, outer_turns = 2;

  TwoLoops(char type, Exit exit, bool calls) : type_(type), exit_(exit), calls_(calls) {}

  Function build() {
    function_.locals = std::string(2 * set, type_) + "iii";
    function_.results = std::string(2 * set, type_) + "i";
    for (std::uint32_t i = 0; i < 2 * set; ++i) number(100 * i).set(i);
    start(counter, first_turns).op(Opcode::Loop).byte(0x40);
    for (std::uint32_t i = 0; i < set; ++i) add_one(i), add_one(i), add_one(i);
    count_down(counter).op(Opcode::BrIf).u32(0).op(Opcode::End);
    start(outer_counter, outer_turns);
    second();
    give_all();
    return std::move(function_);
  }

  [[nodiscard]] std::vector<std::uint64_t> expected() const {
    std::vector<std::uint64_t> values;
    const std::uint32_t turns = second_turns * (exit_ == Exit::Outer ? outer_turns : 1);
    for (std::uint32_t i = 0; i < 2 * set; ++i) {
      values.push_back(100 * i + (i < set ? 3 * first_turns : 2 * turns));
    }
    values.push_back(exit_ == Exit::Values ? 155 : gives_value() || exit_ == Exit::Return ? 77 : 0);
    return values;
  }

 private:
  [[nodiscard]] bool gives_value() const {
    return exit_ == Exit::Value || exit_ == Exit::ValueIf || exit_ == Exit::ValueTable;
  }
  Bytes& body() { return function_.body; }
  Bytes& i32(std::uint32_t value) { return body().op(Opcode::I32Const).s64(value); }
  Bytes& start(std::uint32_t local, std::uint32_t turns) { return i32(turns).set(local); }
  /// Leaves what is left on the stack.
  Bytes& count_down(std::uint32_t local) {
    body().get(local).op(Opcode::I32Const).s64(1).op(Opcode::I32Sub);
    return body().op(Opcode::LocalTee).u32(local);
  }
  Bytes& number(std::uint32_t value) {
    const bool is_float = type_ == 'F';
    testing::constant(body(), type_,
                      {is_float ? std::bit_cast<std::uint64_t>(double(value)) : value, 0});
    return body();
  }
  void add_one(std::uint32_t local) {
    body().get(local);
    number(1).op(type_ == 'F' ? Opcode::F64Add : Opcode::I64Add).set(local);
  }
  void give_all() {
    for (std::uint32_t i = 0; i < 2 * set; ++i) body().get(i);
    body().get(outcome);
  }

  /// The second loop, in a block that is left with it. Function 0 has the type of two values.
  void second() {
    body().op(Opcode::Block).byte(exit_ == Exit::Values ? 0 : gives_value() ? 0x7f : 0x40);
    if (exit_ == Exit::Outer) {
      body().op(Opcode::Loop).byte(0x40);
      // More than what is in the inner loop, for all that this counts more.
      for (std::uint32_t i = 0; i < set; ++i) {
        for (int times = 0; times < 40; ++times) body().get(i).op(Opcode::Drop);
      }
    }
    start(counter, second_turns).op(Opcode::Loop).byte(0x40);
    if (calls_) body().op(Opcode::Call).u32(1);
    for (std::uint32_t i = set; i < 2 * set; ++i) add_one(i), add_one(i);
    leave();
    body().op(Opcode::End);
    if (exit_ == Exit::Outer) body().op(Opcode::Unreachable).op(Opcode::End);
    if (exit_ != Exit::Falls) body().op(Opcode::Unreachable);
    body().op(Opcode::End);
    if (exit_ == Exit::Values) body().op(Opcode::I32Add);
    if (exit_ == Exit::Values || gives_value()) body().set(outcome);
  }

  /// Goes on with the loop, which is label 0, until the counter is 0, then to label 1.
  void leave() {
    switch (exit_) {
      case Exit::Falls: count_down(counter).op(Opcode::BrIf).u32(0); return;
      case Exit::BranchIf: count_down(counter).op(Opcode::I32Eqz).op(Opcode::BrIf).u32(1); break;
      case Exit::Table: count_down(counter).op(Opcode::BrTable).u32(1).u32(1).u32(0); return;
      case Exit::ValueIf:
        i32(77);
        count_down(counter).op(Opcode::I32Eqz).op(Opcode::BrIf).u32(1).op(Opcode::Drop);
        break;
      case Exit::ValueTable:
        body().op(Opcode::Block).byte(0x7f);
        i32(77);
        count_down(counter).op(Opcode::BrTable).u32(1).u32(2).u32(0);
        body().op(Opcode::End).op(Opcode::Drop);
        break;
      case Exit::Values:
        i32(77), i32(78);
        count_down(counter).op(Opcode::I32Eqz).op(Opcode::BrIf).u32(1);
        body().op(Opcode::Drop).op(Opcode::Drop);
        break;
      case Exit::Branch:
      case Exit::Value:
      case Exit::Return:
      case Exit::Outer:
        count_down(counter).op(Opcode::I32Eqz).op(Opcode::If).byte(0x40);
        leave_for_good();
        body().op(Opcode::End);
        break;
    }
    body().op(Opcode::Br).u32(0);
  }

  /// From within an if: the block is label 2, or 3 if there is a loop between them.
  void leave_for_good() {
    if (exit_ == Exit::Return) {
      i32(77).set(outcome);
      give_all();
      body().op(Opcode::Return);
    } else if (exit_ == Exit::Outer) {
      count_down(outer_counter).op(Opcode::If).byte(0x40).op(Opcode::Br).u32(3).op(Opcode::End);
      body().op(Opcode::Br).u32(3);
    } else {
      if (exit_ == Exit::Value) i32(77);
      body().op(Opcode::Br).u32(2);
    }
  }

  char type_;
  Exit exit_;
  bool calls_;
  Function function_;
};

TEST(Locals, KeepTheirValuesHoweverALoopIsLeft) {
  for (const char type : {'I', 'F'}) {
    for (const Exit exit : all_exits) {
      for (const bool calls : {false, true}) {
        TwoLoops loops(type, exit, calls);
        Function two{"", "ii", "", {}};
        two.body.op(Opcode::I32Const).byte(0).op(Opcode::I32Const).byte(0);
        Program program({two, soiling(), loops.build()});
        const std::vector<Slot> results = program.run(2, {});
        const std::vector<std::uint64_t> wanted = loops.expected();
        for (std::size_t i = 0; i < wanted.size(); ++i) {
          const bool is_float = type == 'F' && i + 1 < wanted.size();
          const double number = std::bit_cast<double>(results[i].low);
          ASSERT_EQ(is_float ? static_cast<std::uint64_t>(number) : results[i].low, wanted[i])
              << type << ", exit " << static_cast<int>(exit) << ", calls " << calls << ", local "
              << i;
        }
      }
    }
  }
}

/// Of a condition that lies in memory.
struct LoadedCondition {
  std::string_view name;
  void (*write)(Bytes& body);
  bool (*holds)(std::uint32_t loaded);
};

void load_it(Bytes& body) { body.op(Opcode::I32Const).s64(0).op(Opcode::I32Load).u32(2).u32(0); }

constexpr LoadedCondition loaded_conditions[] = {
    {"it is not zero", load_it, [](std::uint32_t it) { return it != 0; }},
    {"it is zero", [](Bytes& body) { load_it(body), body.op(Opcode::I32Eqz); },
     [](std::uint32_t it) { return it == 0; }},
    {"it is less than 5",
     [](Bytes& body) { load_it(body), body.op(Opcode::I32Const).s64(5).op(Opcode::I32LtU); },
     [](std::uint32_t it) { return it < 5; }},
    {"5 is less than it",
     [](Bytes& body) {
       body.op(Opcode::I32Const).s64(5);
       load_it(body);
       body.op(Opcode::I32LtS);
     },
     [](std::uint32_t it) { return 5 < static_cast<std::int32_t>(it); }},
};

/// Stores its third parameter, and replaces its first one by the other if `condition` says so, or
/// if it does not. Gives both.
Function replacing(char type, const LoadedCondition& condition, bool if_it_holds, bool by_constant,
                   Slot by) {
  const std::string types(2, type);
  Function function{types + "i", types, "", {}};
  Bytes& body = function.body;
  body.op(Opcode::I32Const).s64(0).get(2).op(Opcode::I32Store).u32(2).u32(0);
  if (!if_it_holds) body.get(0);
  if (by_constant) testing::constant(body, type, by);
  else body.get(1);
  if (if_it_holds) body.get(0);
  condition.write(body);
  body.op(Opcode::SelectTyped).u32(1).byte(testing::type_code(type)).set(0).get(0).get(1);
  return function;
}

TEST(Locals, AreReplacedIfSomethingInMemorySaysSo) {
  const Slot before{0x1111'2222, 0};
  const Slot after{0x3333'4444, 0};
  for (const LoadedCondition& condition : loaded_conditions) {
    for (const char type : {'i', 'I', 'f', 'F', 'v'}) {
      for (int form = 0; form < 4; ++form) {
        const bool if_it_holds = form % 2 == 0;
        Program program({replacing(type, condition, if_it_holds, form / 2 == 0, after)});
        for (const std::uint32_t loaded : {0U, 1U, 4U, 5U, 6U, ~0U}) {
          const auto results = program.run(0, {before, after, {loaded, 0}});
          const bool replaced = condition.holds(loaded) == if_it_holds;
          ASSERT_TRUE(testing::same(results[0], replaced ? after : before, 0))
              << condition.name << ", " << type << ", form " << form << ", of " << loaded;
          ASSERT_TRUE(testing::same(results[1], after, 0));
        }
      }
    }
  }
}

}  // namespace
}  // namespace merlon::wasm
