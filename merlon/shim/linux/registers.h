#pragma once

// The keep's registers while a shim works for it.

#include <cstdint>

namespace merlon::shim::linux {

/// As a shim's entries push them: the last five are what `iretq` takes.
struct Registers {
  std::uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8;
  std::uint64_t rax, rcx, rdx, rsi, rdi;
  std::uint64_t vector;  ///< of an exception; for a system call its number
  std::uint64_t error;
  std::uint64_t rip, cs, rflags, rsp, ss;
};
static_assert(sizeof(Registers) == 22 * 8);

/// The flags that a program may set for itself: arithmetic, direction. No trap, no privilege, no
/// nested task, no alignment check.
inline constexpr std::uint64_t user_flags = 0xcd5;
/// Those that a program always has: interrupts, and the one that is fixed.
inline constexpr std::uint64_t fixed_flags = 0x202;

/// What of `flags`, which come from the keep, its registers may hold.
[[nodiscard]] constexpr std::uint64_t safe_flags(std::uint64_t flags) noexcept {
  return (flags & user_flags) | fixed_flags;
}

}  // namespace merlon::shim::linux
