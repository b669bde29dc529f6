#include "merlon/wasm/baseline/analysis.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "merlon/wasm/binary/decoder.h"
#include "merlon/wasm/testing/program.h"

namespace merlon::wasm::baseline {
namespace {

using testing::Bytes;
using testing::Function;

/// The analysis of function 0, and the module that it looks into.
struct Analysed {
  explicit Analysed(Function function) {
    std::vector<Function> functions = {std::move(function)};
    bytes = testing::assemble(functions);
    auto decoded = decode(bytes);
    MERLON_CHECK(decoded.has_value());
    module = std::move(*decoded);
    analysis.run(module, module.type_of_function(0), module.bodies[0]);
  }
  [[nodiscard]] const Region& region(std::size_t index) const { return analysis.regions[index]; }
  [[nodiscard]] RegisterId home(std::size_t in, LocalIndex local) const {
    const auto& homes = region(in).homes;
    const auto found = std::ranges::find(homes, local);
    return found == homes.end() ? no_register : static_cast<RegisterId>(found - homes.begin());
  }
  [[nodiscard]] std::uint32_t weight(std::size_t in, LocalIndex local) const {
    for (const LocalUse& use : region(in).uses) {
      if (use.local == local) return use.weight;
    }
    return 0;
  }
  std::vector<std::uint8_t> bytes;
  Module module;
  Analysis analysis;
};

Bytes& loop(Bytes& body) { return body.op(Opcode::Loop).byte(0x40); }
Bytes& block(Bytes& body) { return body.op(Opcode::Block).byte(0x40); }
Bytes& end(Bytes& body) { return body.op(Opcode::End); }
Bytes& use(Bytes& body, std::uint32_t local, std::uint32_t times = 1) {
  for (std::uint32_t i = 0; i < times; ++i) body.get(local).op(Opcode::Drop);
  return body;
}
Bytes& write(Bytes& body, std::uint32_t local) {
  return body.op(Opcode::I32Const).byte(1).set(local);
}
Bytes& call(Bytes& body) { return body.op(Opcode::Call).u32(0); }

TEST(Analysis, ParametersStayWhereTheyArriveIfNothingIsCalled) {
  Function function{"iIfi", "", "", {}};
  for (std::uint32_t i = 0; i < 4; ++i) use(function.body, i);
  const Analysed it(function);
  EXPECT_EQ(it.home(0, 0), rdi);
  EXPECT_EQ(it.home(0, 1), rsi);
  EXPECT_EQ(it.home(0, 3), r8);
  EXPECT_EQ(it.home(0, 2), homes_vector[0]);
  EXPECT_TRUE(it.analysis.kept_used.empty());
  EXPECT_EQ(it.analysis.arrival(0), rdi);
  EXPECT_EQ(it.analysis.arrival(2), 16) << "the first vector register";
  EXPECT_EQ(it.analysis.arrival(9), no_register);
}

TEST(Analysis, ParametersBeyondTheRegistersComeInMemory) {
  const Analysed it({"iiiiiiiifffffffff", "", "", {}});
  EXPECT_EQ(it.analysis.arrival(5), rdx);
  EXPECT_EQ(it.analysis.arrival(6), no_register);
  EXPECT_EQ(it.analysis.arrival(7), no_register);
  EXPECT_EQ(it.analysis.arrival(8), 16);
  EXPECT_EQ(it.analysis.arrival(15), 23);
  EXPECT_EQ(it.analysis.arrival(16), no_register);
}

TEST(Analysis, TheBusiestLocalsOfALoopHaveRegistersAndTheOthersNone) {
  constexpr std::uint32_t locals = 12;
  Function function{"", "", std::string(locals, 'i'), {}};
  loop(function.body);
  for (std::uint32_t i = 0; i < locals; ++i) use(function.body, i, 4 * (i + 1));
  end(function.body);
  const Analysed it(function);
  for (std::uint32_t i = 0; i < locals; ++i) {
    EXPECT_EQ(it.home(1, i) == no_register, i < locals - 9) << i;
    EXPECT_EQ(it.weight(1, i), 4 * (i + 1));
    EXPECT_EQ(it.weight(0, i), 8 * 4 * (i + 1));
  }
  EXPECT_EQ(it.region(1).uses.front().local, locals - 1) << "the busiest comes first";
}

TEST(Analysis, EquallyBusyLocalsAreTakenAsDeclared) {
  Function function{"", "", std::string(12, 'i'), {}};
  loop(function.body);
  for (std::uint32_t i = 12; i > 0; --i) use(function.body, i - 1, 2);
  end(function.body);
  const Analysed it(function);
  for (std::uint32_t i = 0; i < 12; ++i) EXPECT_EQ(it.home(1, i) == no_register, i >= 9) << i;
}

TEST(Analysis, FloatsAndVectorsHaveRegistersOfTheirOwn) {
  Function function{"", "", "fFv" + std::string(9, 'F'), {}};
  loop(function.body);
  for (std::uint32_t i = 0; i < 12; ++i) use(function.body, i, 20 - i);
  end(function.body);
  const Analysed it(function);
  for (std::uint32_t i = 0; i < 12; ++i) {
    EXPECT_EQ(it.home(1, i), i < homes_vector.size() ? homes_vector[i] : no_register) << i;
  }
}

TEST(Analysis, AcrossCallsALocalIsInARegisterThatIsKept) {
  Function function{"ii", "", "iiiiF", {}};
  loop(function.body);
  for (std::uint32_t i = 0; i < 7; ++i) use(function.body, i, 3);
  for (int i = 0; i < 3; ++i) {
    function.body.get(0).get(1);
    call(function.body);
  }
  end(function.body);
  const Analysed it(function);
  EXPECT_EQ(it.region(1).calls, 3U);
  EXPECT_EQ(it.region(0).calls, 24U);
  EXPECT_TRUE(it.analysis.has_calls);
  EXPECT_FALSE(it.analysis.calls_out);
  for (std::uint32_t i = 0; i < 4; ++i) {
    EXPECT_TRUE(kept_in_calls.contains(it.home(1, i))) << i;
    EXPECT_TRUE(it.analysis.kept_used.contains(it.home(1, i))) << i;
  }
  // Three uses are not worth saving a register around three calls.
  EXPECT_EQ(it.home(1, 4), no_register);
  EXPECT_EQ(it.home(1, 6), no_register);
}

TEST(Analysis, ABusyLocalIsWorthSavingAroundACall) {
  Function function{"", "", "iiiiiF", {}};
  loop(function.body);
  for (std::uint32_t i = 0; i < 6; ++i) use(function.body, i, 3);
  call(function.body);
  end(function.body);
  const Analysed it(function);
  EXPECT_FALSE(kept_in_calls.contains(it.home(1, 4)));
  EXPECT_NE(it.home(1, 4), no_register);
  EXPECT_NE(it.home(1, 5), no_register);
}

TEST(Analysis, OutsideOfLoopsKeptRegistersAreForThoseUsedThreeTimes) {
  Function function{"", "", "iiii", {}};
  for (std::uint32_t i = 0; i < 4; ++i) use(function.body, i, i + 1);
  for (int i = 0; i < 3; ++i) call(function.body);
  const Analysed it(function);
  EXPECT_EQ(it.home(0, 0), no_register);
  EXPECT_EQ(it.home(0, 1), no_register);
  EXPECT_TRUE(kept_in_calls.contains(it.home(0, 2)));
  EXPECT_TRUE(kept_in_calls.contains(it.home(0, 3)));
}

/// Forty locals behind `ints` that are busier than any loop's of the tests below: the function then
/// looks at no others.
Function with_busier_locals(std::size_t ints) {
  Function function{"", "", std::string(ints, 'i') + std::string(40, 'F'), {}};
  for (std::uint32_t i = 0; i < 40; ++i) {
    use(function.body, static_cast<std::uint32_t>(ints) + i, 30);
  }
  return function;
}

TEST(Analysis, InALoopKeptRegistersAreForAnyLocal) {
  Function function = with_busier_locals(1);
  end(use(call(loop(function.body)), 0));
  const Analysed it(function);
  EXPECT_EQ(it.weight(0, 0), 0U);
  EXPECT_EQ(it.weight(1, 0), 1U);
  EXPECT_EQ(it.home(0, 0), no_register);
  EXPECT_TRUE(kept_in_calls.contains(it.home(1, 0)));
}

TEST(Analysis, InALoopRegistersAreSavedAroundACallWhereNoneIsLeftThatIsKept) {
  Function function = with_busier_locals(5);
  call(loop(function.body));
  for (std::uint32_t i = 0; i < 5; ++i) use(function.body, i, 3);
  end(function.body);
  const Analysed it(function);
  EXPECT_EQ(it.region(1).calls, 1U);
  for (std::uint32_t i = 0; i < 5; ++i) {
    EXPECT_EQ(it.home(0, i), no_register);
    EXPECT_NE(it.home(1, i), no_register) << i;
    EXPECT_EQ(kept_in_calls.contains(it.home(1, i)), i < 4) << i;
  }
}

TEST(Analysis, ALoopInheritsHomesAndMayGiveThemToBusierLocals) {
  Function function{"", "", std::string(12, 'i'), {}};
  Bytes& body = function.body;
  loop(body);
  for (std::uint32_t i = 0; i < 9; ++i) use(body, i, 20);
  loop(body);
  for (std::uint32_t i = 8; i < 12; ++i) use(body, i, 10);
  end(body);
  end(body);
  const Analysed it(function);
  ASSERT_EQ(it.analysis.regions.size(), 3U);
  EXPECT_EQ(it.region(1).parent, 0);
  EXPECT_EQ(it.region(2).parent, 1);
  EXPECT_EQ(it.weight(1, 9), 80U);
  EXPECT_EQ(it.weight(0, 9), 640U);
  for (std::uint32_t i = 8; i < 12; ++i) {
    EXPECT_NE(it.home(2, i), no_register) << i;
    EXPECT_EQ(it.home(2, i), it.home(1, i)) << i;
  }
  EXPECT_EQ(it.analysis.loop_regions, (std::vector<std::int32_t>{1, 2}));
}

TEST(Analysis, AnInheritedHomeIsGivenUpForThreeUsesMoreAndNoFewer) {
  for (const std::uint32_t uses : {2U, 3U}) {
    Function function{"", "", std::string(10, 'i'), {}};
    Bytes& body = function.body;
    loop(body);
    for (std::uint32_t i = 0; i < 9; ++i) use(body, i, 100);
    loop(body);
    use(body, 9, uses);
    end(body);
    end(body);
    const Analysed it(function);
    EXPECT_EQ(it.home(1, 9), no_register);
    EXPECT_EQ(it.home(2, 9) != no_register, uses == 3);
  }
}

TEST(Analysis, RegionsEndWithTheirLoops) {
  Function function{"", "", "i", {}};
  Bytes& body = function.body;
  use(body, 0);              // 0 1
  end(use(loop(body), 0));   // 2 3 4 5
  end(use(block(body), 0));  // 6 7 8 9
  end(loop(body));           // 10 11
  const Analysed it(function);
  EXPECT_EQ(it.region(0).begin, 0U);
  EXPECT_EQ(it.region(0).end, 13U);
  EXPECT_EQ(it.region(1).begin, 2U);
  EXPECT_EQ(it.region(1).end, 5U);
  EXPECT_EQ(it.region(2).begin, 10U);
  EXPECT_EQ(it.region(2).end, 11U);
  EXPECT_EQ(it.region(2).parent, 0);
  EXPECT_TRUE(it.analysis.has_loops);
}

TEST(Analysis, VeryDeepLoopsShareTheirParentsRegion) {
  Function function{"", "", "i", {}};
  for (int i = 0; i < 30; ++i) loop(function.body);
  for (int i = 0; i < 30; ++i) end(function.body);
  loop(function.body);
  end(function.body);
  const Analysed it(function);
  ASSERT_EQ(it.analysis.loop_regions.size(), 31U);
  EXPECT_EQ(it.analysis.loop_regions[23], 24);
  EXPECT_EQ(it.analysis.loop_regions[24], -1);
  EXPECT_EQ(it.analysis.loop_regions[29], -1);
  EXPECT_EQ(it.analysis.loop_regions[30], 25) << "the depth is counted down again";
}

TEST(Analysis, WithHandlersAllLocalsAreInMemory) {
  Function function{"i", "", "", {}};
  use(function.body.op(Opcode::TryTable).byte(0x40).u32(0), 0, 5).op(Opcode::End);
  const Analysed it(function);
  EXPECT_TRUE(it.analysis.has_try);
  EXPECT_EQ(it.home(0, 0), no_register);
}

TEST(Analysis, ALocalThatMayBeReadBeforeItIsWrittenNeedsItsZero) {
  Function function{"i", "", "iiiiiii", {}};
  Bytes& body = function.body;
  use(body, 1);                        // read first
  use(write(body, 2), 2);              // written first
  use(end(write(block(body), 3)), 3);  // written in a block only
  use(body.op(Opcode::I32Const).byte(1).op(Opcode::LocalTee).u32(4).op(Opcode::Drop), 4);
  body.get(0).op(Opcode::If).byte(0x40);
  write(body, 5);
  body.op(Opcode::Else);
  end(use(body, 5));                   // written in the other branch
  end(use(write(block(body), 6), 6));  // written and read in a block
  use(body, 0);
  const Analysed it(function);
  const std::vector<bool> wanted = {false, true, false, true, false, true, false, false};
  EXPECT_EQ(it.analysis.needs_zero, wanted);
}

TEST(Analysis, KnowsWhereALocalIsBornAndDies) {
  Function function{"i", "", "iiii", {}};
  Bytes& body = function.body;
  write(body, 1);
  write(body, 4);
  loop(body);
  use(write(body, 2), 2);
  use(body, 1);
  use(body, 0);
  write(body, 3);
  use(body, 4);
  end(body);
  use(body, 3);
  use(body, 1);
  const Analysed it(function);
  const Region& region = it.region(1);
  EXPECT_TRUE(it.analysis.dies_in(region, 2)) << "only in the loop";
  EXPECT_TRUE(it.analysis.dies_in(region, 4)) << "not wanted after it";
  EXPECT_FALSE(it.analysis.dies_in(region, 1));
  EXPECT_FALSE(it.analysis.dies_in(region, 3));
  EXPECT_TRUE(it.analysis.born_in(region, 2));
  EXPECT_FALSE(it.analysis.born_in(region, 3)) << "its zero is read if the loop is left early";
  EXPECT_FALSE(it.analysis.born_in(region, 1));
  EXPECT_FALSE(it.analysis.born_in(region, 0)) << "a parameter";
  EXPECT_EQ(it.analysis.first_use[2], 6U);
  EXPECT_EQ(it.analysis.last_use[2], 7U);
  EXPECT_EQ(it.analysis.first_use[0], 0U);
  EXPECT_EQ(it.analysis.parameter(0), 0U);
  EXPECT_EQ(it.analysis.parameter(1), std::nullopt);
}

TEST(Analysis, OfManyLocalsOnlyThoseThatAreUsedCount) {
  Function function{"iI", "", std::string(40, 'i') + std::string(40, 'F'), {}};
  use(use(use(use(function.body, 60), 5), 41), 1);
  const Analysed it(function);
  const std::vector<ValueType> types = {ValueType::f64, ValueType::i32, ValueType::i32,
                                        ValueType::i64};
  EXPECT_EQ(it.analysis.locals, types);
  EXPECT_EQ(it.analysis.by_declaration, (std::vector<LocalIndex>{3, 1, 2, 0}));
  EXPECT_EQ(it.analysis.parameter(3), 1U);
  EXPECT_EQ(it.analysis.parameter(0), std::nullopt);
  EXPECT_EQ(it.analysis.instructions[0].low(), 0U);
  EXPECT_EQ(it.analysis.instructions[6].low(), 3U);
  const Analysed few({"i", "", std::string(63, 'i'), {}});
  EXPECT_EQ(few.analysis.locals.size(), 64U) << "all of a few";
  const Analysed more({"i", "", std::string(64, 'i'), {}});
  EXPECT_EQ(more.analysis.locals.size(), 0U);
}

}  // namespace
}  // namespace merlon::wasm::baseline
