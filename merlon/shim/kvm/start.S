// Entries of the shim: boot, system calls and exceptions, for the worlds of sallyport/boot.h.
// Everything is saved as struct Registers (linux/registers.h) and restored by one `iretq`.

#include "merlon/shim/x86/layout.h"

.macro save_registers
  push %rdi
  push %rsi
  push %rdx
  push %rcx
  push %rax
  push %r8
  push %r9
  push %r10
  push %r11
  push %rbx
  push %rbp
  push %r12
  push %r13
  push %r14
  push %r15
  cld
  mov %rsp, %rdi
.endm

.macro restore_registers
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbp
  pop %rbx
  pop %r11
  pop %r10
  pop %r9
  pop %r8
  pop %rax
  pop %rcx
  pop %rdx
  pop %rsi
  pop %rdi
  add $16, %rsp  // vector, error
.endm

// `syscall` leaves rip in rcx and rflags in r11.
.macro push_system_call
  push $SELECTOR_USER_DATA
  push %gs:THREAD_USER_RSP
  push %r11
  push $SELECTOR_USER_CODE
  push %rcx
  push $0
  push %rax
.endm

.section .text.start, "ax"

// Ring 0, 64-bit, interrupts off. rdi: the boot page.
.globl _start
_start:
  lea shim_stack_end(%rip), %rsp
  xor %ebp, %ebp
  push %rdi
  call shim_prepare
  pop %rdi
  test %eax, %eax
  jz boot_go_on
  // World Collapsed: the rest runs at ring 3.
  lea shim_stack_end(%rip), %rax
  push $SELECTOR_USER_DATA
  push %rax
  push $0x202
  push $SELECTOR_USER_CODE
  lea boot_go_on(%rip), %rax
  push %rax
  iretq
boot_go_on:
  lea shim_stack_end(%rip), %rsp
  sub $(22 * 8), %rsp
  mov %rsp, %rsi
  call shim_boot
  test %eax, %eax
  jnz leave_collapsed
  jmp leave_ring0

.globl system_call_ring0
system_call_ring0:
  swapgs
  mov %rsp, %gs:THREAD_USER_RSP
  mov %gs:THREAD_STACK, %rsp
  push_system_call
  save_registers
  call shim_system_call
leave_ring0:
  restore_registers
  swapgs
  iretq

.globl system_call_collapsed
system_call_collapsed:
  mov %rsp, %gs:THREAD_USER_RSP
  mov %gs:THREAD_STACK, %rsp
  push_system_call
  save_registers
  call shim_system_call
leave_collapsed:
  restore_registers
  iretq

// As system_call_collapsed, for a keep that calls: r11 does not hold its flags.
.globl system_call_lent
system_call_lent:
  mov $0x202, %r11d
  jmp system_call_collapsed

// Exceptions. Those without an error code push one, so that the frames are alike.
.macro exception vector, has_error
.globl exception_\vector
exception_\vector:
  .if \has_error == 0
    push $0
  .endif
  push $\vector
  jmp *exception_common(%rip)
.endm

exception 0, 0
exception 6, 0
exception 8, 1
exception 13, 1
exception 14, 1
exception 16, 0
exception 17, 1
exception 19, 0

// int3 is also how ring 3 of world Collapsed asks ring 0 to forget old translations. Each
// instruction is emulated there: rax is left changed, since a call may change it.
.globl exception_3
exception_3:
  cmpq $flush_page_return, (%rsp)
  jne 1f
  invlpg (%rdi)
  iretq
1:
  cmpq $flush_return, (%rsp)
  jne 2f
  mov %cr3, %rax
  mov %rax, %cr3
  iretq
2:
  push $0
  push $3
  jmp *exception_common(%rip)

.globl flush_by_exception
flush_by_exception:
  int3
flush_return:
  ret

// rdi: an address in the page.
.globl flush_page_by_exception
flush_page_by_exception:
  int3
flush_page_return:
  ret

.globl exception_ring0
exception_ring0:
  testb $3, 24(%rsp)  // cs
  jz exception_in_shim
  swapgs
  save_registers
  mov %cr2, %rsi
  call shim_exception
  jmp leave_ring0
exception_in_shim:
  save_registers
  mov %cr2, %rsi
  call shim_broken

// Ring 0 of world Collapsed is emulated, instruction by instruction: the least is done there. The
// processor's frame stays where it is, below exception_stack_end.
.globl exception_collapsed
exception_collapsed:
  push %rax
  mov %cr2, %rax
  mov %rax, fault_address(%rip)
  pop %rax
  push $SELECTOR_USER_DATA
  pushq trap_stack_pointer(%rip)
  push $2
  push $SELECTOR_USER_CODE
  pushq trap_entry_pointer(%rip)
  iretq

trap_entry:  // ring 3 again
  pushq exception_stack_end-8(%rip)   // ss
  pushq exception_stack_end-16(%rip)  // rsp
  pushq exception_stack_end-24(%rip)  // rflags
  pushq exception_stack_end-32(%rip)  // cs
  pushq exception_stack_end-40(%rip)  // rip
  pushq exception_stack_end-48(%rip)  // error
  pushq exception_stack_end-56(%rip)  // vector
  save_registers
  mov fault_address(%rip), %rsi
  call shim_exception
  jmp leave_collapsed

// The interrupt descriptor table [INTEL 3A §6.14.1], made here: where ring 0 is emulated each
// instruction that would make it costs a microsecond. All entries lie in one section, at distances
// from _start that the assembler knows; shim.ld says where that is.
.macro gate handler, ring=0
  .quad (\handler - _start + SHIM_START) & 0xffff | SELECTOR_KERNEL_CODE << 16 | (0x8e | \ring << 5) << 40 | ((\handler - _start + SHIM_START) >> 16 & 0xffff) << 48
  .quad 0
.endm
.macro no_gates count
  .skip \count * 16
.endm

.section .rodata
.balign 16
.globl interrupt_gates
interrupt_gates:
  gate exception_0
  no_gates 2
  gate exception_3, ring=3
  no_gates 2
  gate exception_6
  no_gates 1
  gate exception_8
  no_gates 4
  gate exception_13
  gate exception_14
  no_gates 1
  gate exception_16
  gate exception_17
  no_gates 1
  gate exception_19
.balign 8
trap_entry_pointer: .quad trap_entry
trap_stack_pointer: .quad shim_stack_end

.section .data
.balign 8
.globl exception_common
exception_common: .quad exception_ring0
fault_address: .quad 0

.section .bss.stacks, "aw", @nobits
.balign 4096
shim_stack: .skip SHIM_STACK_SIZE
.globl shim_stack_end
shim_stack_end:
exception_stack: .skip EXCEPTION_STACK_SIZE
.globl exception_stack_end
exception_stack_end:

.section .note.GNU-stack, "", @progbits
