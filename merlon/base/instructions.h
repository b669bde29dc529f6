#pragma once

// Which instructions a processor has, and which of them compiled code needs. Pure.

#include <array>
#include <cstdint>
#include <string>

#include "merlon/base/cpuid.h"

namespace merlon::base {

/// Registers beside the general ones: the state that XCR0 switches on [INTEL 1 §13.3].
enum class ExtendedState : std::uint64_t {
  None = 0,       ///< x87 and SSE, which need no XCR0
  Xsave = 0x03,   ///< XSAVE itself
  Avx = 0x07,     ///< and the upper halves of YMM
  Avx512 = 0xe7,  ///< and ZMM and the masks
};

/// A set of instructions and the bit of CPUID that stands for it.
struct Instructions {
  std::string_view name;
  std::uint32_t leaf;
  std::uint32_t subleaf;
  CpuidRegister where;
  unsigned bit;
  ExtendedState state;

  [[nodiscard]] constexpr std::uint32_t mask() const noexcept { return std::uint32_t{1} << bit; }
};

/// instructions.def.
inline constexpr auto instruction_sets = std::array{
#define INSTRUCTIONS(name, leaf, subleaf, where, bit, state) \
  Instructions{#name, leaf, subleaf, CpuidRegister::where, bit, ExtendedState::state},
#include "merlon/base/instructions.def"
};

/// What code of the baseline compiler is made of: the core of x86-64-v3 [psABI §3.1.1].
inline constexpr std::array<std::string_view, 6> needed_instructions{"AVX",  "AVX2",  "BMI1",
                                                                     "BMI2", "LZCNT", "POPCNT"};

/// Those of needed_instructions that a processor with these leaves and this XCR0 lacks, as
/// "AVX, AVX2"; empty if it can run compiled code.
[[nodiscard]] std::string lacking_instructions(const CpuidTable& cpuid,
                                               std::uint64_t extended_state);

}  // namespace merlon::base
