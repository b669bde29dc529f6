// Numbers that the assembly and the C++ of this shim share. No C++ above the line below.
#ifndef MERLON_SHIM_KVM_LAYOUT_H
#define MERLON_SHIM_KVM_LAYOUT_H

// Segment selectors, as Linux has them: some hosts show their own, and then these must be equal.
#define SELECTOR_KERNEL_CODE 0x10
#define SELECTOR_KERNEL_DATA 0x18
#define SELECTOR_USER_DATA 0x2b
#define SELECTOR_USER_CODE 0x33
#define SELECTOR_TASK 0x40

// sallyport/boot.h, shim_start
#define SHIM_START 0x100000

// Exceptions up to the last that has a handler.
#define GATE_COUNT 20

// ThreadBlock
#define THREAD_STACK 0
#define THREAD_USER_RSP 8

// The frame of the processor's exceptions, below the end of exception_stack: vector, error, rip,
// cs, rflags, rsp, ss.
#define EXCEPTION_STACK_SIZE 4096
#define SHIM_STACK_SIZE 32768

#ifndef __ASSEMBLER__
#include <cstddef>
#include <cstdint>

namespace merlon::shim {

/// What GS points to while the shim runs.
struct ThreadBlock {
  std::uint64_t stack;
  std::uint64_t user_rsp;
};
static_assert(offsetof(ThreadBlock, stack) == THREAD_STACK);
static_assert(offsetof(ThreadBlock, user_rsp) == THREAD_USER_RSP);

/// The keep's registers while the shim works for it, as start.S pushes them.
struct Registers {
  std::uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8;
  std::uint64_t rax, rcx, rdx, rsi, rdi;
  std::uint64_t vector;  ///< of an exception; for a system call its number
  std::uint64_t error;
  std::uint64_t rip, cs, rflags, rsp, ss;
};
static_assert(sizeof(Registers) == 22 * 8);

}  // namespace merlon::shim
#endif
#endif
