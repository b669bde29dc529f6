// Entries of the shim: boot, system calls and exceptions, for the worlds of sallyport/boot.h.
// Everything is saved as struct Registers (linux/registers.h) and restored by one `iretq`.

#include "merlon/shim/x86/layout.h"

// The keep's flags end at each entry, in whatever world it is and whatever it went through:
// direction, alignment check, nested task, trap.
.macro clear_flags
  pushq $2
  popfq
.endm

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
  clear_flags
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
leave:
  restore_registers
  iretq

// `syscall` leaves rip in rcx and rflags in r11, and the stack as it was. There is one thread, so all
// that is needed lies at fixed places: no GS, whose base the keep may have changed and of which an
// entry that interrupts this one would have to guess which is in use.
.globl system_call_entry
system_call_entry:
  mov %rsp, user_stack_pointer(%rip)
  lea shim_stack_end(%rip), %rsp
  push $SELECTOR_USER_DATA
  pushq user_stack_pointer(%rip)
  push %r11
  push $SELECTOR_USER_CODE
  push %rcx
  push $0
  push %rax
  save_registers
  call shim_system_call
  jmp leave

// For a keep that calls: r11 does not hold its flags.
.globl system_call_lent
system_call_lent:
  mov $0x202, %r11d
  jmp system_call_entry

// Every vector has a gate, and every gate a stack that the processor takes from the task's state: at
// no instruction does it push to where a keep's rsp points, not even between `syscall` and the
// switch of stacks.
//
// Faults are what a keep may bring about by itself. Those without an error code push one, so that the
// frames are alike.
.macro fault vector, has_error
exception_\vector:
  .if \has_error == 0
    push $0
  .endif
  push $\vector
  jmp *exception_common(%rip)
.endm

// The rest is nobody's here: a host injects it, or the machine is broken.
.macro fatal vector
exception_\vector:
  push $\vector
  jmp exception_fails
.endm

fault 0, 0
fatal 1
fatal 2
fatal 4
fatal 5
fault 6, 0
fatal 7
fatal 8
fatal 9
fatal 10
fatal 11
fault 12, 1
fault 13, 1
fault 14, 1
fatal 15
fault 16, 0
fault 17, 1
fatal 18
fault 19, 0
fatal 20
fatal 21
fatal 22
fatal 23
fatal 24
fatal 25
fatal 26
fatal 27
fatal 28
fatal 30
fatal 31
fatal 32  // and all above

// A processor with SEV-SNP has its guest carry out CPUID; elsewhere nobody raises this.
exception_29:
  push $29
  cmpb $0, is_guest_of_snp(%rip)
  je exception_fails
  jmp *exception_common(%rip)

// int3 is also how ring 3 of world Collapsed asks ring 0 to forget old translations. Each
// instruction is emulated there: rax is left changed, since a call may change it.
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
  cmpq $SELECTOR_USER_CODE, 24(%rsp)  // nor is this cs where an error code is missing
  jne exception_fails
  save_registers
  mov %cr2, %rsi
  call shim_exception
  jmp leave

// The end of the keep, at ring 0 in every world; the vector is on the stack. What comes while the end
// is told ends it at once: no gate any more, and the launcher says that the keep crashed.
exception_fails:
  mov (%rsp), %edi
  lea exception_stops(%rip), %rax
  mov %rax, %rdx
  xchg %rax, exception_common(%rip)
  cmp %rdx, %rax
  je exception_stops
  lea failure_stack_end(%rip), %rsp
  clear_flags
  call shim_failed
.globl exception_stops
exception_stops:
  lidt no_table(%rip)
  ud2

// Ring 0 of world Collapsed is emulated, instruction by instruction: the least is done there. The
// processor's frame stays where it is, below exception_stack_end.
.globl exception_collapsed
exception_collapsed:
  cmpq $SELECTOR_USER_CODE, 24(%rsp)
  jne exception_fails
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
  jmp leave

// The interrupt descriptor table [INTEL 3A §6.14.1], made here: where ring 0 is emulated each
// instruction that would make it costs a microsecond. All entries lie in one section, at distances
// from _start that the assembler knows; shim.ld says where that is.
.macro gate handler, stack=STACK_OTHER, ring=0
  .quad (\handler - _start + SHIM_START) & 0xffff | SELECTOR_KERNEL_CODE << 16 | \stack << 32 | (0x8e | \ring << 5) << 40 | ((\handler - _start + SHIM_START) >> 16 & 0xffff) << 48
  .quad 0
.endm

.section .rodata
.balign 16
.globl interrupt_gates
interrupt_gates:
  gate exception_0, STACK_FAULT
  gate exception_1
  gate exception_2, STACK_INTERRUPT
  gate exception_3, STACK_FAULT, ring=3
  gate exception_4
  gate exception_5
  gate exception_6, STACK_FAULT
  gate exception_7
  gate exception_8, STACK_DOUBLE_FAULT
  gate exception_9
  gate exception_10
  gate exception_11
  gate exception_12, STACK_FAULT
  gate exception_13, STACK_FAULT
  gate exception_14, STACK_FAULT
  gate exception_15
  gate exception_16, STACK_FAULT
  gate exception_17, STACK_FAULT
  gate exception_18, STACK_MACHINE_CHECK
  gate exception_19, STACK_FAULT
  gate exception_20
  gate exception_21
  gate exception_22
  gate exception_23
  gate exception_24
  gate exception_25
  gate exception_26
  gate exception_27
  gate exception_28, STACK_HYPERVISOR
  gate exception_29, STACK_FAULT
  gate exception_30
  gate exception_31
  .rept GATE_COUNT - 32
  gate exception_32
  .endr
.balign 8
trap_entry_pointer: .quad trap_entry
trap_stack_pointer: .quad shim_stack_end
no_table: .skip 10  // limit and base

.section .data
.balign 8
.globl exception_common
exception_common: .quad exception_ring0
.globl is_guest_of_snp
is_guest_of_snp: .quad 0
fault_address: .quad 0
user_stack_pointer: .quad 0

// Its own segment, between pages that are not there (shim.ld).
.section .stacks, "aw", @nobits
.balign 4096
shim_stack: .skip SHIM_STACK_SIZE
.globl shim_stack_end
shim_stack_end:

.section .bss.stacks, "aw", @nobits
.balign 16
  .skip FAILURE_STACK_SIZE
failure_stack_end:
  .skip EXCEPTION_STACK_SIZE
.globl exception_stack_end
exception_stack_end:
// One after the other, as layout.h counts them.
.globl interrupt_stacks
interrupt_stacks: .skip INTERRUPT_STACK_SIZE * INTERRUPT_STACK_COUNT

.section .note.GNU-stack, "", @progbits
