#pragma once

// This process's processor.

#include <cstdint>
#include <string>

#include "merlon/base/cpuid.h"

namespace merlon::os {

/// What the processor answers, whoever stands between: some machines trap the instruction, which
/// takes 1 to 40 microseconds.
[[nodiscard]] base::CpuidRegisters cpuid(std::uint32_t leaf, std::uint32_t subleaf = 0) noexcept;

/// The leaves that base/instructions.def stands in.
[[nodiscard]] base::CpuidTable instruction_leaves();

/// XCR0: the extended state that the operating system has switched on; 0 without XSAVE. `cpuid`
/// has leaf 1.
[[nodiscard]] std::uint64_t extended_state(const base::CpuidTable& cpuid) noexcept;

/// What compiled code needs and this processor, or its operating system, lacks: see
/// base::lacking_instructions. Asks the C library, which has asked the processor already.
[[nodiscard]] std::string lacking_instructions();

}  // namespace merlon::os
