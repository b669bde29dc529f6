#pragma once

// Finds the cheapest instructions for i8x16.shuffle.

#include <array>
#include <span>

#include "merlon/wasm/baseline/registers.h"

namespace merlon::wasm::baseline {

using ShuffleLanes = std::array<std::uint8_t, 16>;

/// One instruction: `to` ← `first`, `second`, immediate. Some have no first, some no immediate.
struct ShuffleStep {
  enum class Part : std::uint8_t {
    None,
    Left,
    Right,
    Temporary,
    Temporary2,
    Result,
    Mask,  ///< ShufflePlan::masks, in memory
    Mask2,
  };

  x86::Inst::Id id = x86::Inst::kIdNone;
  Part to = Part::Result;
  Part first = Part::None;
  Part second = Part::None;
  std::int16_t immediate = -1;  ///< none if negative
  Part third = Part::None;      ///< a register in place of the immediate
};

/// Only the last step writes the result, so that its register may be an operand's.
struct ShufflePlan {
  std::array<ShuffleStep, 3> steps{};
  std::size_t count = 0;
  bool is_left = false;   ///< the result is the left operand: no steps
  bool is_right = false;  ///< the result is the right operand: no steps
  std::array<ShuffleLanes, 2> masks{};
};

/// `lanes` are those of the instruction, each below 32. `same`: both operands are one value.
[[nodiscard]] ShufflePlan plan_shuffle(std::span<const std::uint8_t, 16> lanes, bool same) noexcept;

}  // namespace merlon::wasm::baseline
