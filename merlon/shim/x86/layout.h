// Numbers that the assembly and the C++ of shims with a ring 0 share. No C++ here.
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

// All of them: none that a host injects finds no gate.
#define GATE_COUNT 256

// The interrupt stack table [INTEL SDM 3A §6.14.5]. Faults are served, on a large stack, and so is
// what a processor asks of its own guest (29); the others end the keep, and each kind that may
// interrupt another has a stack of its own.
#define STACK_FAULT 1
#define STACK_INTERRUPT 2      // 2, not maskable
#define STACK_DOUBLE_FAULT 3   // 8
#define STACK_MACHINE_CHECK 4  // 18
#define STACK_HYPERVISOR 5     // 28
#define STACK_OTHER 6
#define INTERRUPT_STACK_COUNT 6

// An interrupt stack holds the processor's frame and the vector: 7 words.
#define INTERRUPT_STACK_SIZE 128
#define FAILURE_STACK_SIZE 4096

// The frame of the processor's exceptions, below the end of exception_stack: vector, error, rip,
// cs, rflags, rsp, ss.
#define EXCEPTION_STACK_SIZE 128
#define SHIM_STACK_SIZE 32768

#endif
