#include "merlon/wasm/exec/store.h"

#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "merlon/wasm/testing/binary.h"

namespace merlon::wasm {
namespace {

using testing::function_module;
using testing::i32_of;
using testing::Machine;
using testing::trap_of;

const std::initializer_list<CompileMode> both_modes = {CompileMode::Eager, CompileMode::Lazy};

TEST(Store, CallsAFunctionAndGivesItsResults) {
  for (const CompileMode mode : both_modes) {
    Machine machine(function_module({0x7f, 0x7f}, {0x7f}, {0, 0x20, 0, 0x20, 1, 0x6b, 0x0b}), {},
                    mode);
    EXPECT_EQ(i32_of(machine.call({Value::from_i32(50), Value::from_i32(8)})), 42U);
  }
}

TEST(Store, AFunctionThatStartsWithALoopHasItsParameters) {
  // loop; local.get 0; i32.const 1; i32.sub; local.tee 0; br_if 0; end; local.get 0; i32.const 5
  // i32.add: the parameter's home is given up before the loop only where there are calls.
  Machine machine(function_module(
      {0x7f}, {0x7f}, {1,    1,    0x7f, 0x03, 0x40, 0x20, 0,    0x21, 1,    0x20, 0,    0x41,
                       1,    0x6b, 0x22, 0,    0x0d, 0,    0x0b, 0x20, 1,    0x45, 0x04, 0x40,
                       0x20, 0,    0x10, 0,    0x1a, 0x0b, 0x20, 1,    0x41, 4,    0x6a, 0x0b}));
  EXPECT_EQ(i32_of(machine.call({Value::from_i32(3)})), 5U);
}

TEST(Store, ArgumentsOfAnotherTypeAreAnErrorNotATrap) {
  Machine machine(function_module({0x7f}, {}, {0, 0x0b}));
  EXPECT_TRUE(std::holds_alternative<core::Error>(machine.call({Value::from_i64(1)})));
  EXPECT_TRUE(std::holds_alternative<core::Error>(machine.call({})));
}

TEST(Trap, NamesTheInstructionAndTheFunction) {
  // local.get 0; i32.load; drop
  const auto bytes = function_module({0x7f}, {}, {0, 0x20, 0, 0x28, 2, 0, 0x1a, 0x0b}, true);
  for (const CompileMode mode : both_modes) {
    Machine machine(bytes, {}, mode);
    EXPECT_EQ(trap_of(machine.call({Value::from_i32(65532)})), nullptr);
    const Outcome outcome = machine.call({Value::from_i32(65533)});
    const Trap* const trap = trap_of(outcome);
    ASSERT_NE(trap, nullptr);
    EXPECT_EQ(trap->kind, TrapKind::MemoryOutOfBounds);
    ASSERT_EQ(trap->backtrace.size(), 1U);
    EXPECT_EQ(trap->backtrace[0].name, "f");
    EXPECT_EQ(trap->backtrace[0].offset, bytes.size() - 5);
    EXPECT_EQ(bytes[trap->backtrace[0].offset], 0x28);
  }
}

TEST(Trap, TheStoreIsUsableAfterwards) {
  Machine machine(
      function_module({0x7f}, {0x7f}, {0, 0x20, 0, 0x45, 0x04, 0x40, 0x00, 0x0b, 0x20, 0, 0x0b}));
  for (int i = 0; i < 100; ++i) {
    const Outcome outcome = machine.call({Value::from_i32(0)});
    ASSERT_NE(trap_of(outcome), nullptr);
    EXPECT_EQ(trap_of(outcome)->kind, TrapKind::Unreachable);
    EXPECT_EQ(i32_of(machine.call({Value::from_i32(3)})), 3U);
  }
}

TEST(Trap, EndlessRecursionExhaustsTheCallStack) {
  Machine machine(function_module({}, {}, {0, 0x10, 0, 0x0b}));
  const Outcome outcome = machine.call({});
  ASSERT_NE(trap_of(outcome), nullptr);
  EXPECT_EQ(trap_of(outcome)->kind, TrapKind::StackOverflow);
  EXPECT_EQ(trap_of(outcome)->backtrace.size(), max_backtrace);
}

TEST(Interrupt, EndsLoopsAndRecursionFromAnotherThread) {
  const auto loop = function_module({}, {}, {0, 0x03, 0x40, 0x0c, 0, 0x0b, 0x0b});
  const auto tail_calls = function_module({}, {}, {0, 0x12, 0, 0x0b});
  for (const auto& bytes : {loop, tail_calls}) {
    Machine machine(bytes);
    std::thread other([&machine] {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      machine.store->interrupt();
    });
    const Outcome outcome = machine.call({});
    other.join();
    ASSERT_NE(trap_of(outcome), nullptr);
    EXPECT_EQ(trap_of(outcome)->kind, TrapKind::Interrupted);
  }
}

TEST(Interrupt, BeforeTheCallItIsNotLost) {
  Machine machine(function_module({}, {}, {0, 0x03, 0x40, 0x0c, 0, 0x0b, 0x0b}));
  machine.store->interrupt();
  const Outcome outcome = machine.call({});
  ASSERT_NE(trap_of(outcome), nullptr);
  EXPECT_EQ(trap_of(outcome)->kind, TrapKind::Interrupted);
}

TEST(Memory, GrowsUpToItsMaximumAndTheStoresLimit) {
  // local.get 0; memory.grow; the module's maximum is 2 pages
  const auto bytes = function_module({0x7f}, {0x7f}, {0, 0x20, 0, 0x40, 0, 0x0b}, true);
  Machine machine(bytes);
  EXPECT_EQ(i32_of(machine.call({Value::from_i32(1)})), 1U);
  EXPECT_EQ(i32_of(machine.call({Value::from_i32(1)})), 0xffff'ffffU);
  StoreLimits limits;
  limits.max_memory_bytes = page_size;
  Machine limited(bytes, {}, CompileMode::Eager, limits);
  EXPECT_EQ(i32_of(limited.call({Value::from_i32(1)})), 0xffff'ffffU);
  EXPECT_EQ(i32_of(limited.call({Value::from_i32(0)})), 1U);
}

/// What lies there is nobody's, and a fault in it is no trap: compiled code cannot reach it.
TEST(Memory, BelowItIsAGuardAsFarAsASignedIndexWouldLead) {
  constexpr std::uint64_t two_gib = std::uint64_t{1} << 31U;
  MemoryBudget budget(std::uint64_t{1} << 30U);
  MemoryType type;
  type.limits.min = 1;
  const auto memory = Memory::create(type, page_size, budget);
  ASSERT_TRUE(memory.has_value());
  std::uint8_t* const base = (*memory)->bytes().data();
  base[0] = 1;
  const auto address = reinterpret_cast<std::uintptr_t>(base);
  EXPECT_TRUE((*memory)->reserves(base));
  EXPECT_FALSE((*memory)->reserves(base - 1));
  std::ifstream maps("/proc/self/maps");
  std::uintptr_t start = 0;
  std::uintptr_t end = 0;
  char dash = 0;
  std::string rights;
  std::string line;
  bool found = false;
  while (std::getline(maps, line)) {
    std::istringstream words(line);
    words >> std::hex >> start >> dash >> end >> rights;
    if (start < address && end >= address) {
      found = true;
      EXPECT_EQ(end, address);
      EXPECT_LE(start, address - two_gib);
      EXPECT_EQ(rights, "---p");
    }
  }
  EXPECT_TRUE(found);
}

struct Account {
  std::int64_t sum = 0;
};
double record(Account& account, Caller& caller, std::int32_t a, std::int64_t b, float c, double d) {
  account.sum += a + b + static_cast<std::int64_t>(caller.memory().size());
  return static_cast<double>(c) * d;
}
HostResult<void> leave(Account&, Caller&, std::int32_t code) {
  return HostStop::exit(static_cast<std::uint32_t>(code));
}

TEST(Host, FunctionsAreTypedByTheirSignature) {
  Account account;
  const HostFunction function = host_function<&record>(account);
  EXPECT_EQ(function.type.params, (std::vector<ValueType>{ValueType::i32, ValueType::i64,
                                                          ValueType::f32, ValueType::f64}));
  EXPECT_EQ(function.type.results, std::vector<ValueType>{ValueType::f64});
}

/// Imports "h" "f" of type 0 and exports a function "f" of type 1 with the given body.
std::vector<std::uint8_t> importing(std::initializer_list<std::uint8_t> types,
                                    std::initializer_list<std::uint8_t> body) {
  testing::Binary binary;
  binary.types(types).section(2, {1, 1, 'h', 1, 'f', 0, 0}).section(3, {1, 1});
  binary.section(5, {1, 0, 1}).section(7, {1, 1, 'f', 0, 1}).code(body);
  return binary.bytes();
}

TEST(Host, FunctionsGetTheirArgumentsAndTheCallersMemory) {
  Account account;
  Imports imports;
  imports.define("h", "f", host_function<&record>(account));
  Machine machine(importing({2, 0x60, 4, 0x7f, 0x7e, 0x7d, 0x7c, 1, 0x7c, 0x60, 0, 1, 0x7c},
                            {0, 0x41, 0x7f, 0x42, 5, 0x43, 0, 0,    0,    0x40, 0x44,
                             0, 0,    0,    0,    0, 0,    0, 0x40, 0x10, 0,    0x0b}),
                  imports);
  ASSERT_NE(machine.instance, nullptr);
  const Outcome outcome = machine.call({});
  const auto* const values = std::get_if<Values>(&outcome);
  ASSERT_NE(values, nullptr);
  EXPECT_EQ(std::bit_cast<double>(values->front().bits.low), 4.0);
  EXPECT_EQ(account.sum, -1 + 5 + 65536);
}

TEST(Host, AFunctionMayEndTheGuestWithAnExitCode) {
  Account account;
  Imports imports;
  imports.define("h", "f", host_function<&leave>(account));
  Machine machine(importing({2, 0x60, 1, 0x7f, 0, 0x60, 0, 0}, {0, 0x41, 7, 0x10, 0, 0x0b}),
                  imports);
  ASSERT_NE(machine.instance, nullptr);
  const Outcome outcome = machine.call({});
  ASSERT_NE(trap_of(outcome), nullptr);
  EXPECT_EQ(trap_of(outcome)->kind, TrapKind::Exit);
  EXPECT_EQ(trap_of(outcome)->exit_code, 7U);
  ASSERT_EQ(trap_of(outcome)->backtrace.size(), 1U);
}

TEST(Link, MissingAndWronglyTypedImportsAreNamed) {
  const auto bytes = importing({2, 0x60, 1, 0x7f, 0, 0x60, 0, 0}, {0, 0x0b});
  Machine machine(function_module({}, {}, {0, 0x0b}));
  auto module = machine.engine->compile(bytes);
  ASSERT_TRUE(module.has_value());
  const InstantiateOutcome missing = machine.store->instantiate(*module, {});
  ASSERT_TRUE(std::holds_alternative<LinkError>(missing));
  EXPECT_EQ(std::get<LinkError>(missing).import, "h.f");
  EXPECT_EQ(std::get<LinkError>(missing).error.code, core::ErrorCode::NotFound);
  Account account;
  Imports imports;
  imports.define("h", "f", host_function<&record>(account));
  const InstantiateOutcome wrong = machine.store->instantiate(*module, imports);
  ASSERT_TRUE(std::holds_alternative<LinkError>(wrong));
  EXPECT_EQ(std::get<LinkError>(wrong).error.code, core::ErrorCode::Malformed);
}

TEST(Engine, SaysWhereAModuleNeedsThreads) {
  auto engine = std::move(*Engine::create(baseline::compilers()));
  const auto place = [&engine](const std::vector<std::uint8_t>& bytes) {
    const auto module = engine->compile(bytes);
    if (module.has_value() || module.error().code != core::ErrorCode::Unsupported) return 0ULL;
    return static_cast<unsigned long long>(module.error().detail);
  };
  testing::Binary importing;
  importing.section(2, {1, 1, 'm', 1, 'n', 2, 3, 1, 1});
  EXPECT_EQ(place(importing.bytes()), 10U) << "the import section's content";
  testing::Binary own;
  own.types({1, 0x60, 0, 0}).section(5, {1, 3, 1, 1});
  EXPECT_EQ(place(own.bytes()), 16U) << "the memory section's content";
  const auto fence = function_module({}, {}, {0, 0xfe, 3, 0, 0x0b});
  EXPECT_EQ(place(fence), fence.size() - 4) << "the instruction";
}

TEST(Engine, TwoInstancesDoNotSeeEachOther) {
  // Adds its argument to a word of its own memory.
  const auto bytes = function_module(
      {0x7f}, {0x7f},
      {0, 0x41, 0, 0x41, 0, 0x28, 2, 0, 0x20, 0, 0x6a, 0x36, 2, 0, 0x41, 0, 0x28, 2, 0, 0x0b},
      true);
  Machine one(bytes);
  Machine two(bytes);
  EXPECT_EQ(i32_of(one.call({Value::from_i32(5)})), 5U);
  EXPECT_EQ(i32_of(two.call({Value::from_i32(7)})), 7U);
  EXPECT_EQ(i32_of(one.call({Value::from_i32(1)})), 6U);
}

}  // namespace
}  // namespace merlon::wasm
