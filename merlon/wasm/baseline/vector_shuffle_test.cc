#include "merlon/wasm/baseline/vector_shuffle.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>

#include <gtest/gtest.h>

#include "merlon/wasm/testing/program.h"

namespace merlon::wasm::baseline {
namespace {

using testing::Bytes;
using testing::Function;
using testing::Program;

using Random = std::mt19937;

/// Lanes that are `groups` taken whole.
template <std::size_t Count>
ShuffleLanes grouped(const std::array<std::uint8_t, Count>& groups) {
  constexpr std::size_t size = 16 / Count;
  ShuffleLanes lanes{};
  for (std::size_t i = 0; i < 16; ++i) {
    lanes[i] = static_cast<std::uint8_t>(groups[i / size] * size + i % size);
  }
  return lanes;
}

template <std::size_t Count>
ShuffleLanes random_groups(Random& random, std::uint32_t bound) {
  std::array<std::uint8_t, Count> groups{};
  for (std::uint8_t& group : groups) group = static_cast<std::uint8_t>(random() % bound);
  return grouped(groups);
}

ShuffleLanes rotated(std::uint32_t by, std::uint32_t total) {
  ShuffleLanes lanes{};
  for (std::uint32_t i = 0; i < 16; ++i) lanes[i] = static_cast<std::uint8_t>((by + i) % total);
  return lanes;
}

ShuffleLanes interleaved(std::size_t size, bool high, bool right_first, bool both) {
  ShuffleLanes lanes{};
  for (std::size_t i = 0; i < 16; ++i) {
    const std::size_t within = i / size / 2 * size + i % size + (high ? 8 : 0);
    const bool is_right = both && (i / size % 2 == 1) != right_first;
    lanes[i] = static_cast<std::uint8_t>(within + (is_right ? 16 : 0));
  }
  return lanes;
}

/// Patterns for which there is an instruction, patterns next to those, and any at all.
std::vector<ShuffleLanes> patterns() {
  Random random(1);
  std::vector<ShuffleLanes> result = {ShuffleLanes{}};
  for (std::uint32_t by = 0; by < 32; ++by) result.push_back(rotated(by, 32));
  for (std::uint32_t by = 0; by < 16; ++by) result.push_back(rotated(by, 16));
  for (const std::size_t size : {1U, 2U, 4U, 8U}) {
    for (int bits = 0; bits < 8; ++bits) {
      result.push_back(interleaved(size, (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0));
    }
  }
  for (int i = 0; i < 200; ++i) {
    result.push_back(random_groups<4>(random, 8));
    result.push_back(random_groups<4>(random, 4));
    result.push_back(random_groups<8>(random, 16));
    result.push_back(random_groups<8>(random, 8));
    result.push_back(random_groups<16>(random, 32));
    result.push_back(random_groups<16>(random, 16));
    ShuffleLanes halves = random_groups<8>(random, 4);
    const std::size_t stays = i % 2 == 0 ? 8 : 0;
    for (std::size_t j = 0; j < 8; ++j) halves[stays + j] = static_cast<std::uint8_t>(stays + j);
    if (stays == 0) {
      for (std::size_t j = 8; j < 16; ++j) halves[j] = static_cast<std::uint8_t>(halves[j] + 8);
    }
    result.push_back(halves);
    ShuffleLanes blend = rotated(0, 32);
    const std::size_t unit = std::size_t{1} << (i % 3);
    for (std::size_t j = 0; j < 16; j += unit) {
      const auto from = static_cast<std::uint8_t>(random() % 2 * 16);
      for (std::size_t k = j; k < j + unit; ++k) blend[k] = static_cast<std::uint8_t>(k + from);
    }
    result.push_back(blend);
  }
  const std::size_t count = result.size();
  for (std::size_t i = 0; i < count; ++i) {
    ShuffleLanes other = result[i];  // the same of the right operand, and with a lane changed
    for (std::uint8_t& lane : other) lane ^= 16;
    result.push_back(other);
    other[random() % 16] = static_cast<std::uint8_t>(random() % 32);
    result.push_back(other);
  }
  return result;
}

Slot shuffled(const ShuffleLanes& lanes, Slot left, Slot right) {
  std::array<std::uint8_t, 32> bytes{};
  std::memcpy(bytes.data(), &left, 16);
  std::memcpy(bytes.data() + 16, &right, 16);
  std::array<std::uint8_t, 16> out{};
  for (std::size_t i = 0; i < 16; ++i) out[i] = bytes[lanes[i]];
  Slot result;
  std::memcpy(&result, out.data(), 16);
  return result;
}

constexpr Slot left_value{0x1716'1514'1312'1110, 0x1f1e'1d1c'1b1a'1918};
constexpr Slot right_value{0x2726'2524'2322'2120, 0x2f2e'2d2c'2b2a'2928};

Bytes shuffle_of(const ShuffleLanes& lanes) {
  Bytes bytes;
  bytes.op(Opcode::I8x16Shuffle);
  for (const std::uint8_t lane : lanes) bytes.byte(lane);
  return bytes;
}

/// Runs all patterns with `operands` before the shuffle and holds them against the definition.
void run_all(const Bytes& operands, Slot left, Slot right) {
  const std::vector<ShuffleLanes> all = patterns();
  std::vector<Function> functions;
  for (const ShuffleLanes& lanes : all) {
    Function function{"vv", "v", "", {}};
    function.body.append(operands).append(shuffle_of(lanes));
    functions.push_back(std::move(function));
  }
  Program program(std::move(functions));
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Slot got = program.run(i, {left_value, right_value}).front();
    const Slot want = shuffled(all[i], left, right);
    ASSERT_TRUE(got.low == want.low && got.high == want.high)
        << "pattern " << i << ": " << ::testing::PrintToString(all[i]) << std::hex << " gave "
        << got.high << " " << got.low;
  }
}

Bytes flushed() {
  Bytes bytes;
  bytes.op(Opcode::Block).byte(0x40).op(Opcode::End);
  return bytes;
}

TEST(Shuffle, OfLocals) { run_all(Bytes().get(0).get(1), left_value, right_value); }

TEST(Shuffle, OfOneLocalTwice) { run_all(Bytes().get(1).get(1), right_value, right_value); }

TEST(Shuffle, OfOperandsInMemory) {
  run_all(Bytes().get(0).get(1).append(flushed()), left_value, right_value);
}

TEST(Shuffle, OfOneOperandInMemory) {
  run_all(Bytes().get(0).append(flushed()).get(1), left_value, right_value);
}

TEST(Shuffle, WithZero) { run_all(Bytes().get(0).v128({0, 0}), left_value, {0, 0}); }

TEST(Shuffle, WithConstants) {
  run_all(Bytes().v128(right_value).v128(left_value), right_value, left_value);
}

std::size_t steps(const ShuffleLanes& lanes, bool same = false) {
  return plan_shuffle(lanes, same).count;
}

TEST(ShufflePlan, OneOperandUnchangedTakesNoInstruction) {
  EXPECT_TRUE(plan_shuffle(rotated(0, 32), false).is_left);
  EXPECT_TRUE(plan_shuffle(rotated(16, 32), false).is_right);
  EXPECT_EQ(steps(rotated(0, 32)), 0U);
  EXPECT_EQ(steps(rotated(16, 32), true), 0U);
}

TEST(ShufflePlan, InterleavingTakesOneInstruction) {
  for (const std::size_t size : {1U, 2U, 4U, 8U}) {
    for (int bits = 0; bits < 8; ++bits) {
      EXPECT_EQ(steps(interleaved(size, (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0)), 1U);
    }
  }
}

TEST(ShufflePlan, RotationTakesOneInstruction) {
  for (std::uint32_t by = 1; by < 32; ++by) {
    EXPECT_EQ(steps(rotated(by, 32)), by == 16 ? 0U : 1U) << by;
  }
}

TEST(ShufflePlan, OneOperandTakesOneInstructionAtMost) {
  Random random(2);
  for (int i = 0; i < 1000; ++i) EXPECT_LE(steps(random_groups<16>(random, 16)), 1U);
}

TEST(ShufflePlan, WordsThatStayInTheirHalfTakeNoMask) {
  namespace I = x86::Inst;
  constexpr std::array<std::uint8_t, 8> in_order = {0, 1, 2, 3, 4, 5, 6, 7};
  for (std::size_t place = 0; place < 8; ++place) {
    for (std::uint8_t from = 0; from < 8; ++from) {
      if (from == place) continue;
      auto words = in_order;
      words[place] = from;
      const bool stays = (from < 4) == (place < 4);
      const auto within = place < 4 ? I::kIdVpshuflw : I::kIdVpshufhw;
      EXPECT_EQ(plan_shuffle(grouped(words), false).steps[0].id, stays ? within : I::kIdVpshufb)
          << "word " << place << " from " << int{from};
    }
  }
  EXPECT_EQ(plan_shuffle(grouped(std::array<std::uint8_t, 8>{}), false).steps[0].id,
            I::kIdVpbroadcastw);
  EXPECT_EQ(plan_shuffle(ShuffleLanes{}, false).steps[0].id, I::kIdVpbroadcastb);
}

TEST(ShufflePlan, LanesOf32BitsTakeTwoInstructionsAtMost) {
  Random random(3);
  for (int i = 0; i < 1000; ++i) EXPECT_LE(steps(random_groups<4>(random, 8)), 2U);
}

TEST(ShufflePlan, OnlyTheLastStepWritesTheResult) {
  for (const ShuffleLanes& lanes : patterns()) {
    const ShufflePlan plan = plan_shuffle(lanes, false);
    for (std::size_t i = 0; i < plan.count; ++i) {
      const bool is_result = plan.steps[i].to == ShuffleStep::Part::Result;
      ASSERT_EQ(is_result, i + 1 == plan.count);
      ASSERT_NE(plan.steps[i].first, ShuffleStep::Part::Result);
      ASSERT_NE(plan.steps[i].second, ShuffleStep::Part::Result);
    }
  }
}

}  // namespace
}  // namespace merlon::wasm::baseline
