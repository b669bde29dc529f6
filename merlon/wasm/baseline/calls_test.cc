#include <algorithm>

#include <gtest/gtest.h>

#include "merlon/wasm/testing/binary.h"
#include "merlon/wasm/testing/operands.h"

// Calls between instances: each has its own context and memory, and finds them again afterwards.

namespace merlon::wasm {
namespace {

using Code = std::vector<std::uint8_t>;

/// Three pages of memory and "f", which writes 7 over the first word of it.
Code callee() {
  testing::Binary binary;
  binary.types({1, 0x60, 0, 0}).section(3, {1, 0}).section(5, {1, 0, 3});
  binary.section(7, {1, 1, 'f', 0, 0}).code({0, 0x41, 0, 0x41, 7, 0x36, 2, 0, 0x0b});
  return binary.bytes();
}

/// A page of memory and "f", which writes 41 into its first word, makes `call`, and gives that word
/// and the number of pages, added. Function 0 is the callee's, and so is entry 0 of the table;
/// function 2 ends in `tail`.
Code caller(const Code& call, const Code& tail) {
  testing::Binary binary;
  binary.types({2, 0x60, 0, 0, 0x60, 0, 1, 0x7f}).section(2, {1, 1, 'm', 1, 'f', 0, 0});
  binary.section(3, {2, 1, 0}).section(4, {1, 0x70, 0, 1}).section(5, {1, 0, 1});
  binary.section(7, {1, 1, 'f', 0, 1}).section(9, {1, 0, 0x41, 0, 0x0b, 1, 0});
  Code first = {0, 0x41, 0, 0x41, 41, 0x36, 2, 0};
  first.insert(first.end(), call.begin(), call.end());
  first.insert(first.end(), {0x41, 0, 0x28, 2, 0, 0x3f, 0, 0x6a, 0x0b});
  Code second = {0};
  second.insert(second.end(), tail.begin(), tail.end());
  second.push_back(0x0b);
  Code bytes = binary.bytes();
  const auto size = [](std::size_t value) { return static_cast<std::uint8_t>(value); };
  bytes.insert(bytes.end(), {10, size(first.size() + second.size() + 3), 2, size(first.size())});
  bytes.insert(bytes.end(), first.begin(), first.end());
  bytes.push_back(size(second.size()));
  bytes.insert(bytes.end(), second.begin(), second.end());
  return bytes;
}

/// What the caller's "f" gives; nothing if it does not come to that.
std::optional<std::uint32_t> run(const Code& call, const Code& tail) {
  testing::Machine other(callee());
  Imports imports;
  imports.define("m", "f", *other.instance->find_export("f"));
  auto module = other.engine->compile(caller(call, tail));
  if (!module.has_value()) return std::nullopt;
  const InstantiateOutcome made = other.store->instantiate(*module, imports);
  if (!std::holds_alternative<Instance*>(made)) return std::nullopt;
  return testing::i32_of(std::get<Instance*>(made)->invoke("f", {}));
}

TEST(Calls, TheCallersMemoryIsItsOwnAgainAfterACallIntoAnotherInstance) {
  const Code nothing;
  EXPECT_EQ(run({0x10, 0}, nothing), 42U) << "call";
  EXPECT_EQ(run({0x41, 0, 0x11, 0, 0}, nothing), 42U) << "call_indirect";
  EXPECT_EQ(run({0xd2, 0, 0x14, 0}, nothing), 42U) << "call_ref";
}

TEST(Calls, TheCallersMemoryIsItsOwnAgainAfterATailCallIntoAnotherInstance) {
  const Code call = {0x10, 2};
  EXPECT_EQ(run(call, {0x12, 0}), 42U) << "return_call";
  EXPECT_EQ(run(call, {0x41, 0, 0x13, 0, 0}), 42U) << "return_call_indirect";
  EXPECT_EQ(run(call, {0xd2, 0, 0x15, 0}), 42U) << "return_call_ref";
}

/// Without giving the function's register back there would be none for the second one.
TEST(Calls, AFunctionMayEndInOneOfSeveralTailCallsIntoAnotherInstance) {
  EXPECT_EQ(run({0x10, 2}, {0x41, 0, 0x04, 0x40, 0x12, 0, 0x0b, 0x12, 0}), 42U);
}

TEST(Calls, ThroughATableTakesFunctionsOfTheTypeAndItsSubtypes) {
  // Types: (i32) -> (), an open () -> i32, a final one below it, (i32) -> i32. The table has one of
  // each of the first three and a null.
  for (const std::uint8_t call : std::initializer_list<std::uint8_t>{0x11, 0x13}) {
    testing::Binary binary;
    binary.types({4, 0x60, 1,    0x7f, 0, 0x50, 0,    0x60, 0,    1, 0x7f, 0x4f,
                  1, 1,    0x60, 0,    1, 0x7f, 0x60, 1,    0x7f, 1, 0x7f});
    binary.section(3, {4, 0, 1, 2, 3}).section(4, {1, 0x70, 0, 4});
    binary.section(7, {1, 1, 'f', 0, 3}).section(9, {1, 0, 0x41, 0, 0x0b, 3, 0, 1, 2});
    binary.section(10, {4,    2,  0,    0x0b, 4, 0,    0x41, 41,   0x0b, 4, 0,
                        0x41, 42, 0x0b, 7,    0, 0x20, 0,    call, 1,    0, 0x0b});
    testing::Machine machine(binary.bytes());
    ASSERT_NE(machine.instance, nullptr);
    const auto kind = [&machine](std::uint32_t entry) {
      const Outcome outcome = machine.call({Value::from_i32(entry)});
      const Trap* trap = testing::trap_of(outcome);
      return trap != nullptr ? trap->kind : TrapKind::Exit;
    };
    EXPECT_EQ(kind(0), TrapKind::IndirectCallTypeMismatch);
    EXPECT_EQ(testing::i32_of(machine.call({Value::from_i32(1)})), 41U);
    EXPECT_EQ(testing::i32_of(machine.call({Value::from_i32(2)})), 42U);
    EXPECT_EQ(kind(3), TrapKind::IndirectCallToNull);
    EXPECT_EQ(kind(4), TrapKind::TableOutOfBounds);
  }
}

/// A number that tells in which order the parameters came.
testing::Function ordered(char type, std::uint32_t count) {
  const bool is_float = type == 'F';
  testing::Function function{std::string(count, type), std::string(1, type), "", {}};
  function.body.get(0);
  for (std::uint32_t i = 1; i < count; ++i) {
    testing::constant(function.body, type, {is_float ? 0x4030'0000'0000'0000U : 16U, 0});
    function.body.op(is_float ? Opcode::F64Mul : Opcode::I64Mul).get(i);
    function.body.op(is_float ? Opcode::F64Add : Opcode::I64Add);
  }
  return function;
}

/// Calls function 0 with its own parameters in another order.
testing::Function reordering(char type, const std::vector<std::uint32_t>& order) {
  testing::Function function{std::string(order.size(), type), std::string(1, type), "", {}};
  // Used so often the parameters are in registers when the call is made.
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    for (int times = 0; times < 4; ++times) function.body.get(i).op(Opcode::Drop);
  }
  for (const std::uint32_t i : order) function.body.get(i);
  function.body.op(Opcode::Call).u32(0);
  return function;
}

void check_orders(char type, const std::vector<std::vector<std::uint32_t>>& orders) {
  const auto count = static_cast<std::uint32_t>(orders[0].size());
  std::vector<testing::Function> functions = {ordered(type, count)};
  for (const auto& order : orders) functions.push_back(reordering(type, order));
  testing::Program program(std::move(functions));
  std::vector<Slot> arguments;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t number = i + 1;
    arguments.push_back({type == 'F' ? std::bit_cast<std::uint64_t>(double(number)) : number, 0});
  }
  for (std::size_t i = 0; i < orders.size(); ++i) {
    std::uint64_t wanted = 0;
    for (const std::uint32_t from : orders[i]) wanted = 16 * wanted + from + 1;
    if (type == 'F') wanted = std::bit_cast<std::uint64_t>(static_cast<double>(wanted));
    ASSERT_EQ(program.run(i + 1, arguments)[0].low, wanted) << "order " << i;
  }
}

TEST(Calls, ArgumentsArriveInEachOrderInWhichTheyArePassed) {
  std::vector<std::uint32_t> order = {0, 1, 2, 3, 4, 5};
  std::vector<std::vector<std::uint32_t>> orders;
  do orders.push_back(order);
  while (std::ranges::next_permutation(order).found);
  EXPECT_EQ(orders.size(), 720U);
  check_orders('I', orders);
}

TEST(Calls, ArgumentsArriveWhereverTheyArePassedTwice) {
  testing::Random random(1);
  for (const auto& [type, count] :
       {std::pair('I', 6U), std::pair('I', 9U), std::pair('F', 8U), std::pair('F', 11U)}) {
    std::vector<std::vector<std::uint32_t>> orders;
    for (int i = 0; i < 300; ++i) {
      std::vector<std::uint32_t> order(count);
      for (std::uint32_t k = 0; k < count; ++k) order[k] = k;
      std::ranges::shuffle(order, random);
      for (std::uint32_t k = 0; k < testing::below(random, 3); ++k) {
        order[testing::below(random, count)] = order[testing::below(random, count)];
      }
      orders.push_back(order);
    }
    check_orders(type, orders);
  }
}

}  // namespace
}  // namespace merlon::wasm
