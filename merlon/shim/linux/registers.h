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

}  // namespace merlon::shim::linux
