// The borders of compiled code hand on all arguments and results, in registers and beyond them.

#include <algorithm>

#include <gtest/gtest.h>

#include "merlon/wasm/testing/program.h"

namespace merlon::wasm {
namespace {

using testing::Bytes;
using testing::Function;
using testing::Program;

/// All argument registers and some more of each kind, in an order in which they take turns.
const std::string many = "ifIFviIfFvivIfFiIfFvIFif";

/// Arguments of these types, no two alike; bits that are none of a value are zero.
std::vector<Slot> distinct(const std::string& types) {
  std::vector<Slot> values;
  for (const char type : types) {
    const std::uint64_t number = 0x0101'0101'0101'0101U * (values.size() + 1);
    const bool narrow = type == 'i' || type == 'f';
    values.push_back({narrow ? number & 0xffff'ffffU : number, type == 'v' ? ~number : 0});
  }
  return values;
}

bool alike(const std::vector<Slot>& left, const std::vector<Slot>& right) {
  return std::ranges::equal(left, right,
                            [](Slot a, Slot b) { return a.low == b.low && a.high == b.high; });
}

/// A function that gives its parameters.
Function identity() {
  Function function{many, many, "", {}};
  for (std::uint32_t i = 0; i < many.size(); ++i) function.body.get(i);
  return function;
}

/// What runs for the first time is compiled then, by way of entries that keep the arguments.
TEST(Trampolines, AFunctionsFirstCallHasAllItsArguments) {
  EngineOptions options;
  options.mode = CompileMode::Lazy;
  for (const bool by_reference : {false, true}) {
    Function caller = identity();
    if (by_reference) caller.body.op(Opcode::RefFunc).u32(0).op(Opcode::CallRef).u32(0);
    else caller.body.op(Opcode::Call).u32(0);
    Program program({identity(), caller}, options);
    for (int times = 0; times < 2; ++times) {
      EXPECT_TRUE(alike(program.run(1, distinct(many)), distinct(many))) << by_reference;
    }
  }
}

/// A host function that takes and gives many values, and what it saw.
struct Witness {
  std::vector<Slot> arguments;
  bool stops = false;

  static HostResult<void> call(void* environment, Caller&, Slot* values) {
    auto& witness = *static_cast<Witness*>(environment);
    witness.arguments.assign(values, values + many.size());
    for (std::size_t i = 0; i < many.size(); ++i) {
      if (many[i] != 'v') witness.arguments[i].high = 0;
    }
    if (witness.stops) return HostStop::exit(7);
    // The results are another value of each kind.
    for (std::size_t i = 0; i < many.size(); ++i) values[i].low ^= 1;
    return {};
  }
  HostFunction function() {
    HostFunction made;
    for (const char type : many) made.type.params.push_back(testing::type_of(type));
    made.type.results = made.type.params;
    made.thunk = &Witness::call;
    made.environment = this;
    return made;
  }
};

/// Imports "h" "f" and exports "f", which hands its parameters to it and gives what it gives.
std::vector<std::uint8_t> handing_on() {
  Bytes types, imports, body;
  types.u32(1).byte(0x60);
  for (int list = 0; list < 2; ++list) {
    types.u32(static_cast<std::uint32_t>(many.size()));
    for (const char letter : many) types.byte(testing::type_code(letter));
  }
  imports.u32(1).u32(1).byte('h').u32(1).byte('f').byte(0).u32(0);
  body.u32(0);
  for (std::uint32_t i = 0; i < many.size(); ++i) body.get(i);
  body.op(Opcode::Call).u32(0).op(Opcode::End);
  Bytes module;
  module.raw(0x0000'0001'6d73'6100, 8).byte(1).sized(types).byte(2).sized(imports);
  module.byte(3).sized(Bytes().u32(1).u32(0));
  module.byte(7).sized(Bytes().u32(1).u32(1).byte('f').byte(0).u32(1));
  module.byte(10).sized(Bytes().u32(1).sized(body));
  return module.take();
}

TEST(Trampolines, HostFunctionsGetAllArgumentsAndGiveAllResults) {
  Witness witness;
  Imports imports;
  imports.define("h", "f", witness.function());
  auto engine = std::move(*Engine::create(baseline::compilers()));
  Store store(*engine);
  auto compiled = engine->compile(handing_on());
  ASSERT_TRUE(compiled.has_value());
  const InstantiateOutcome made = store.instantiate(*compiled, imports);
  ASSERT_TRUE(std::holds_alternative<Instance*>(made));
  Values values;
  const std::vector<Slot> arguments = distinct(many);
  for (std::size_t i = 0; i < many.size(); ++i) {
    values.push_back({testing::type_of(many[i]), arguments[i]});
  }
  std::vector<Slot> changed = arguments;
  for (Slot& slot : changed) slot.low ^= 1;
  // In turns: neither end may come of what the machine's flags say by chance.
  for (int times = 0; times < 4; ++times) {
    witness.stops = times % 2 != 0;
    const Outcome outcome = std::get<Instance*>(made)->invoke("f", values);
    EXPECT_TRUE(alike(witness.arguments, arguments));
    if (witness.stops) {
      const Trap* trap = std::get_if<Trap>(&outcome);
      ASSERT_NE(trap, nullptr);
      EXPECT_EQ(trap->kind, TrapKind::Exit);
    } else {
      ASSERT_TRUE(std::holds_alternative<Values>(outcome));
      EXPECT_TRUE(alike(Program::bits_of(std::get<Values>(outcome)), changed));
    }
  }
}

}  // namespace
}  // namespace merlon::wasm
