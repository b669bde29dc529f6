// Accesses that are compared and those that guards notice come to the same, also where an earlier
// comparison stands for a later one.

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include <gtest/gtest.h>

#include "merlon/wasm/testing/binary.h"

namespace merlon::wasm {
namespace {

using Body = std::vector<std::uint8_t>;
using testing::i32_of;
using testing::Machine;
using testing::trap_of;

constexpr std::uint8_t i32 = 0x7f;

// local.get 0 and i32.load, or a store of 7, at an offset below 128.
#define LOAD(offset) 0x20, 0, 0x28, 0, offset
#define STORE(offset) 0x20, 0, 0x41, 7, 0x36, 0, offset
#define DROP 0x1a
// The first local and a constant below 64; or above, which is 128 less. A load from what is there.
#define SUM(constant) 0x20, 0, 0x41, constant, 0x6a
#define LOADED 0x28, 0, 0
#define ADD_TO_0(...) 0x20, 0, 0x41, __VA_ARGS__, 0x6a, 0x21, 0
#define PAGE 0x80, 0x80, 0x04   // 65536
#define HALF 0x80, 0x80, 0x02   // 32768
#define FAR 0xfc, 0xff, 0x03    // with four bytes, where the guard ends
#define FAR_1 0xfd, 0xff, 0x03  // one byte further

std::vector<std::uint8_t> module_of(std::initializer_list<std::uint8_t> body) {
  return testing::function_module({i32, i32}, {i32}, body, true);
}

/// Every body takes an address and a choice.
struct Case {
  const char* name;
  std::vector<std::uint8_t> wasm;
};

std::vector<Case> cases() {
  return {
      {"one after the other, further", module_of({0, LOAD(0), DROP, LOAD(8), 0x0b})},
      {"one after the other, nearer", module_of({0, LOAD(8), DROP, LOAD(0), 0x0b})},
      {"a store behind a load", module_of({0, LOAD(0), DROP, STORE(0), LOAD(0), 0x0b})},
      {"a wider store", module_of({0, LOAD(0), DROP, 0x20, 0, 0x42, 7, 0x37, 0, 0, LOAD(0), 0x0b})},
      {"the local is set", module_of({0, LOAD(0), DROP, ADD_TO_0(4), LOAD(0), 0x0b})},
      {"the local is teed",
       module_of({0, LOAD(0), DROP, 0x20, 0, 0x41, 4, 0x6a, 0x22, 0, 0x28, 0, 0, 0x0b})},
      {"what the local was before, after what it is",
       module_of({0, 0x20, 0, 0x41, 0, 0x21, 0, LOAD(0), DROP, 0x28, 0, 0, 0x0b})},
      {"what the local was twice before",
       module_of({0,    0x20, 0,    0x41, 0, 0x21, 0,    0x20, 0, 0x41, 4,
                  0x21, 0,    0x28, 0,    0, DROP, 0x28, 0,    0, 0x0b})},
      {"what is loaded becomes the local",
       module_of({0, 0x41, 0, 0x41, PAGE, 0x36, 0, 0, LOAD(0), 0x21, 0, LOAD(0), 0x0b})},
      {"in one branch alone",
       module_of({0, 0x20, 1, 0x04, 0x40, LOAD(0), DROP, 0x0b, LOAD(0), 0x0b})},
      {"in the other branch", module_of({0, 0x20, 1, 0x04, 0x40, LOAD(0), DROP, 0x05, LOAD(4), DROP,
                                         0x0b, LOAD(0), 0x0b})},
      {"passed by",
       module_of({0, 0x02, 0x40, 0x20, 1, 0x0d, 0, LOAD(0), DROP, 0x0b, LOAD(0), 0x0b})},
      {"a loop that goes on", module_of({0, LOAD(0), DROP, 0x03, 0x40, LOAD(0), DROP,
                                         ADD_TO_0(PAGE), 0x20, 1, 0x0d, 0, 0x0b, 0x41, 1, 0x0b})},
      {"the memory grows between",
       module_of({0, 0x20, 1, 0x40, 0, DROP, LOAD(0), DROP, LOAD(4), 0x0b})},
      {"a constant address",
       module_of({0, 0x41, 0xfc, 0xff, 0x03, 0x28, 0, 0, DROP, LOAD(0), 0x0b})},
      {"a constant address outside", module_of({0, 0x41, 0xfd, 0xff, 0x03, 0x28, 0, 0, 0x0b})},
      {"an offset outside", module_of({0, 0x20, 0, 0x28, 0, 0xfd, 0xff, 0x03, 0x0b})},
      {"an offset of 4 GiB and an address as large",
       module_of({0, 0x20, 0, 0x28, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x0b})},
      {"a sum", module_of({0, LOAD(0), DROP, 0x20, 0, 0x20, 1, 0x6a, 0x28, 0, 0, 0x0b})},
      {"a vector", module_of({0, LOAD(0), DROP, 0x20, 0, 0xfd, 0x00, 0, 0, 0xfd, 0x1b, 3, 0x0b})},
      {"an offset as long as the guard", module_of({0, 0x20, 0, 0x28, 0, FAR, 0x0b})},
      {"an offset longer than the guard", module_of({0, 0x20, 0, 0x28, 0, FAR_1, 0x0b})},
      {"as long as the guard after a near one",
       module_of({0, LOAD(0), DROP, 0x20, 0, 0x28, 0, FAR, 0x0b})},
      {"longer than the guard after a near one",
       module_of({0, LOAD(0), DROP, 0x20, 0, 0x28, 0, FAR_1, 0x0b})},
      {"a copy", module_of({0, LOAD(0), DROP, 0x20, 0, 0x21, 1, 0x20, 1, 0x28, 0, 0, 0x0b})},
      {"a copy of what then changes", module_of({0, LOAD(0), DROP, 0x20, 0, 0x21, 1, ADD_TO_0(PAGE),
                                                 LOAD(0), DROP, 0x20, 1, 0x28, 0, 0, 0x0b})},
      {"a sum that is loaded from",
       module_of({0, LOAD(0), DROP, 0x20, 0, 0x41, 8, 0x6a, 0x28, 0, 0, 0x0b})},
      {"a row, the highest first",
       module_of({0, SUM(16), LOADED, SUM(8), LOADED, 0x6a, LOAD(0), 0x6a, 0x0b})},
      {"a row that begins behind its local",
       module_of({0, SUM(24), LOADED, SUM(16), LOADED, 0x6a, SUM(8), LOADED, 0x6a, 0x0b})},
      {"a row that begins before its local",
       module_of({0, LOAD(0), SUM(0x78), LOADED, 0x6a, SUM(0x70), LOADED, 0x6a, 0x0b})},
      {"a row, the lowest first",
       module_of({0, SUM(0x70), LOADED, SUM(0x78), LOADED, 0x6a, LOAD(0), 0x6a, 0x0b})},
      {"a row with a division before its lowest load",
       module_of({0, SUM(16), LOADED, 0x20, 1, 0x6d, LOAD(0), 0x6a, 0x0b})},
      {"a row with a store before its lowest load",
       module_of({0, SUM(16), LOADED, DROP, 0x41, 0, 0x41, 5, 0x36, 0, 0, LOAD(0), 0x0b})},
      {"a row that is left before its lowest load",
       module_of({0, 0x02, 0x40, SUM(16), LOADED, DROP, 0x20, 1, 0x0d, 0, LOAD(0), DROP, 0x0b,
                  SUM(8), LOADED, 0x0b})},
      {"a row by a local that is teed", module_of({0, 0x20, 0, 0x20, 1, 0x6a, 0x22, 1, 0x41, 16,
                                                   0x6a, LOADED, 0x20, 1, LOADED, 0x6a, 0x0b})},
      {"a row of a local that is set in it",
       module_of({0, SUM(16), LOADED, ADD_TO_0(PAGE), LOAD(0), 0x6a, 0x0b})},
      {"a sum that wraps around", module_of({0, ADD_TO_0(16), LOAD(0), DROP, ADD_TO_0(16), LOAD(0),
                                             DROP, ADD_TO_0(0x70), LOAD(0), 0x0b})},
      {"sums until behind the guard",
       module_of({0, LOAD(0), DROP, ADD_TO_0(HALF), ADD_TO_0(HALF), LOAD(0), 0x0b})},
      {"sums until behind the guard, in between",
       module_of({0, LOAD(0), DROP, ADD_TO_0(HALF), LOAD(0), DROP, ADD_TO_0(HALF), LOAD(0), 0x0b})},
      {"a sum of the other local", module_of({0, LOAD(0), DROP, 0x20, 1, 0x41, 4, 0x6a, 0x21, 0,
                                              0x20, 1, 0x41, PAGE, 0x6c, 0x21, 0, LOAD(0), 0x0b})},
      {"set in a block", module_of({0, LOAD(0), DROP, 0x02, 0x40, 0x20, 1, 0x0d, 0, ADD_TO_0(PAGE),
                                    0x0b, LOAD(0), 0x0b})},
      {"compared again in a block", module_of({0, 0x02, 0x40, 0x20, 1, 0x0d, 0, LOAD(0), DROP,
                                               ADD_TO_0(4), 0x0b, LOAD(4), 0x0b})},
      {"set behind the loop's first turn",
       module_of({0,    LOAD(0),        DROP, 0x03, 0x40,    LOAD(0), DROP, 0x02,
                  0x40, ADD_TO_0(PAGE), 0x0b, 0x20, 1,       0x41,    0,    0x21,
                  1,    0x0d,           0,    0x0b, LOAD(0), 0x0b})},
      {"a loop in a loop", module_of({0, 0x03, 0x40, LOAD(0), DROP, 0x03, 0x40, LOAD(4), DROP, 0x0b,
                                      ADD_TO_0(PAGE), 0x20, 1, 0x0d, 0, 0x0b, 0x41, 1, 0x0b})},
      {"never set, in a loop", module_of({0, LOAD(0), DROP, 0x03, 0x40, LOAD(4), DROP, 0x20, 1,
                                          0x41, 0, 0x21, 1, 0x0d, 0, 0x0b, LOAD(0), 0x0b})},
      {"a sum below a value that is stored",
       module_of({0,    LOAD(0), DROP, 0x20, 1, 0x41, PAGE,    0x6c, 0x20, 0,
                  0x41, 4,       0x6a, 0x36, 0, 0,    0x20,    0,    0x20, 0,
                  0x41, 4,       0x6a, 0x36, 0, 0,    LOAD(0), 0x0b})},
      {"code that is not reached",
       module_of({0, LOAD(0), DROP, 0x02, 0x40, 0x0c, 0, ADD_TO_0(PAGE), 0x0b, LOAD(0), 0x0b})},
      {"a byte at the end", module_of({0, LOAD(0), DROP, 0x20, 0, 0x2d, 0, 4, 0x0b})},
  };
}

TEST(Bounds, ComparedAndGuardedAccessesComeToTheSame) {
  std::vector<std::uint32_t> addresses{0, 4, 0x7fff'ffff, 0x8000'0000, 0xffff'fff0, 0xffff'ffff};
  for (std::uint32_t near = 65536 - 20; near <= 65536 + 4; ++near) addresses.push_back(near);
  addresses.push_back(131068);
  addresses.push_back(131072);
  for (const Case& each : cases()) {
    unsigned traps = 0;
    for (const std::uint32_t address : addresses) {
      for (const std::uint32_t choice : {0U, 1U}) {
        Machine guarded(each.wasm);
        Machine compared(each.wasm, {}, CompileMode::Eager, {}, Bounds::Checks);
        ASSERT_NE(compared.instance, nullptr) << each.name;
        const Values arguments{Value::from_i32(address), Value::from_i32(choice)};
        const Outcome want = guarded.call(arguments);
        const Outcome got = compared.call(arguments);
        EXPECT_TRUE(std::ranges::equal(guarded.instance->memory(0)->bytes(),
                                       compared.instance->memory(0)->bytes()))
            << each.name << " at " << address << ", " << choice;
        const Trap* const trap = trap_of(want);
        ASSERT_EQ(trap != nullptr, trap_of(got) != nullptr)
            << each.name << " at " << address << ", " << choice;
        if (trap != nullptr) {
          ++traps;
          EXPECT_EQ(trap->kind, trap_of(got)->kind) << each.name << " at " << address;
        } else {
          EXPECT_EQ(i32_of(want), i32_of(got)) << each.name << " at " << address;
        }
      }
    }
    EXPECT_GT(traps, 0U) << each.name;
  }
}

TEST(Bounds, AMemoryWithoutAPageHasNoFirstByte) {
  for (const Bounds bounds : {Bounds::Guards, Bounds::Checks}) {
    testing::Binary binary;
    binary.types({1, 0x60, 0, 1, i32}).section(3, {1, 0}).section(5, {1, 0, 0});
    binary.section(7, {1, 1, 'f', 0, 0}).code({0, 0x41, 0, 0x2d, 0, 0, 0x0b});
    Machine machine(binary.bytes(), {}, CompileMode::Eager, {}, bounds);
    ASSERT_NE(machine.instance, nullptr);
    const Outcome outcome = machine.call({});
    ASSERT_NE(trap_of(outcome), nullptr);
    EXPECT_EQ(trap_of(outcome)->kind, TrapKind::MemoryOutOfBounds);
  }
}

TEST(Bounds, AComparisonIsAboutItsMemoryAlone) {
  // Loads from one memory and then from the other one, at the same address; the first is larger.
  for (const std::uint8_t first : std::initializer_list<std::uint8_t>{0, 1}) {
    const auto pages = [first](std::uint8_t memory) -> std::uint8_t {
      return memory == first ? 3 : 1;
    };
    const std::uint8_t second = 1 - first;
    for (const Bounds bounds : {Bounds::Guards, Bounds::Checks}) {
      testing::Binary binary;
      binary.types({1, 0x60, 1, i32, 1, i32}).section(3, {1, 0});
      binary.section(5, {2, 1, pages(0), pages(0), 1, pages(1), pages(1)})
          .section(7, {1, 1, 'f', 0, 0});
      binary.code({0, 0x20, 0, 0x28, 0x40, first, 0, DROP, 0x20, 0, 0x28, 0x40, second, 0, 0x0b});
      Machine machine(binary.bytes(), {}, CompileMode::Eager, {}, bounds);
      ASSERT_NE(machine.instance, nullptr);
      EXPECT_EQ(i32_of(machine.call({Value::from_i32(65532)})), 0U);
      EXPECT_NE(trap_of(machine.call({Value::from_i32(65533)})), nullptr) << int{first};
      EXPECT_NE(trap_of(machine.call({Value::from_i32(2 * 65536)})), nullptr) << int{first};
    }
  }
}

TEST(Bounds, OnlyFaultsBehindTheMemoryAreTheGuests) {
  MemoryBudget budget(std::uint64_t{1} << 30U);
  MemoryType type;
  type.limits.min = 1;
  type.limits.max = 2;
  const auto memory = Memory::create(type, std::uint64_t{4} << 30U, budget, Bounds::Checks);
  ASSERT_TRUE(memory.has_value());
  const std::uint8_t* const base = (*memory)->bytes().data();
  EXPECT_EQ(std::bit_cast<std::uintptr_t>(base) % os::large_page_size, 0U);
  EXPECT_FALSE((*memory)->reserves(base - 1)) << "where the size stands";
  EXPECT_TRUE((*memory)->reserves(base + 3 * page_size - 1));
  EXPECT_FALSE((*memory)->reserves(base + 3 * page_size + os::large_page_size))
      << "behind the guard, and what is there so that the base begins a large page";
  const auto shown = [&] {
    std::uint64_t size = 0;
    std::memcpy(&size, base + size_from_base, sizeof size);
    return size;
  };
  EXPECT_EQ(shown(), page_size);
  EXPECT_EQ((*memory)->grow(1), 1U);
  EXPECT_EQ(shown(), 2 * page_size);
  EXPECT_EQ((*memory)->grow(1), std::nullopt);
  EXPECT_EQ(shown(), 2 * page_size);
}

}  // namespace
}  // namespace merlon::wasm
