// Numbers that the assembly and the C++ of shims with a ring 0 share. No C++ above the line below.
#ifndef MERLON_SHIM_X86_LAYOUT_H
#define MERLON_SHIM_X86_LAYOUT_H

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

namespace merlon::shim::x86 {

/// What GS points to while the shim runs.
struct ThreadBlock {
  std::uint64_t stack;
  std::uint64_t user_rsp;
};
static_assert(offsetof(ThreadBlock, stack) == THREAD_STACK);
static_assert(offsetof(ThreadBlock, user_rsp) == THREAD_USER_RSP);

}  // namespace merlon::shim::x86
#endif
#endif
