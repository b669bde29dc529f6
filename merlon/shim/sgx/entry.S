// The enclave's one door, and its ways out. Whoever enters is the host: of its registers only those
// are kept that the way out needs, and none is an index. What decides is the processor's own count of
// interrupted states (CSSA, rax) and a word of the enclave's that says in which phase its thread is.
//
//   CSSA 0, fresh    the enclave starts
//   CSSA 0, asking   the host has answered
//   CSSA 1           something interrupted the thread: sgx_interrupted() looks what, and lets it go on
//                    as it was, or at sgx_goes_on, which serves what happened at CSSA 0
//   else             nobody; there are two frames, so that the processor refuses a third
//
// No instruction here uses the stack of whoever was interrupted. [SDM vol. 3D EENTER, EEXIT, ERESUME]

#include "merlon/shim/sgx/layout.h"

// At each way out: nothing of the enclave in any register but why it is left (rdi). rbx, the place to
// go on at, was the host's; so are rsp and rbp.
.macro leave_enclave stack, frame
  pushq $2
  popfq
  xor %edx, %edx
  xor %esi, %esi
  xor %r8d, %r8d
  xor %r9d, %r9d
  xor %r10d, %r10d
  xor %r11d, %r11d
  xor %r12d, %r12d
  xor %r13d, %r13d
  xor %r14d, %r14d
  xor %r15d, %r15d
  xor %ecx, %ecx
  mov \frame(%rip), %rbp
  mov \stack(%rip), %rsp
  mov $ENCLU_EEXIT, %eax
  enclu
  ud2
.endm

.section .text.start, "ax"
.globl _start
_start:
  cld
  lea _start(%rip), %rdx
  cmp $SHIM_START, %rdx
  jne nobody  // at another base, fixed addresses would be the host's memory
  lfence
  cmp $1, %rax
  je interrupted
  ja nobody
  mov %rsp, host_stack(%rip)
  mov %rbp, host_frame(%rip)
  mov %rcx, host_return(%rip)
  lea entry_stack_end(%rip), %rsp
  pushq $2  // no flag of the host's
  popfq
  movabs $PHASE_INSIDE, %rdx
  xchg %rdx, phase(%rip)
  movabs $PHASE_FRESH, %rsi
  cmp %rsi, %rdx
  je fresh
  movabs $PHASE_ASKING, %rsi
  cmp %rsi, %rdx
  je answered
nobody:
  ud2
  jmp nobody

fresh:
  lfence
  mov $EXTENDED_STATE, %eax
  xor %edx, %edx
  xrstor first_state(%rip)
  lea shim_stack_end(%rip), %rsp
  xor %ebp, %ebp
  call sgx_start
  mov %rax, %rdi
  jmp sgx_leave

answered:
  lfence
  mov $EXTENDED_STATE, %eax
  xor %edx, %edx
  xrstor kept_state(%rip)
  mov asking_stack(%rip), %rsp
  pop %rax
  wrfsbase %rax
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbp
  pop %rbx
  ret

// Leaves the enclave until the host comes back: void sgx_ask(). What the keep has in vector registers is
// kept, and gone from the processor before the host sees it.
.globl sgx_ask
sgx_ask:
  push %rbx
  push %rbp
  push %r12
  push %r13
  push %r14
  push %r15
  rdfsbase %rax
  push %rax
  mov $EXTENDED_STATE, %eax
  xor %edx, %edx
  xsave kept_state(%rip)
  xrstor first_state(%rip)
  mov %rsp, asking_stack(%rip)
  movabs $PHASE_ASKING, %rax
  xchg %rax, phase(%rip)
  mov $EXIT_ASKS, %edi
  mov host_return(%rip), %rbx
  leave_enclave host_stack, host_frame

interrupted:
  mov %rsp, interrupted_stack(%rip)
  mov %rbp, interrupted_frame(%rip)
  mov %rcx, interrupted_return(%rip)
  lea interruption_stack_end(%rip), %rsp
  pushq $2
  popfq
  xor %ebp, %ebp
  call sgx_interrupted
  mov %rax, %rdi
  mov interrupted_return(%rip), %rbx
  leave_enclave interrupted_stack, interrupted_frame

// Where ERESUME goes on after an exception of the keep: its registers are in sgx_registers.
.globl sgx_goes_on
sgx_goes_on:
  lea shim_stack_end(%rip), %rsp
  xor %ebp, %ebp
  call sgx_handle
  mov %rax, %rdi
  jmp sgx_leave

// A keep that calls, in place of `syscall` (core/lent_call.h): rcx is where it comes back.
.globl system_call_lent
system_call_lent:
  mov %rsp, user_stack(%rip)
  lea shim_stack_end(%rip), %rsp
  push $0             // ss
  pushq user_stack(%rip)
  push $0x202         // rflags
  push $0             // cs
  push %rcx           // rip
  push $0             // error
  push %rax           // number
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
  pushq $2
  popfq
  mov %rsp, %rdi
  xor %ebp, %ebp
  call shim_system_call
  mov %rsp, %rdi

// rdi: linux::Registers. There is no instruction that an enclave may use and that loads them all; the
// last two wait in memory of the thread's own.
sgx_leave:
  mov REGISTER_RIP(%rdi), %rax
  mov %rax, go_on_at(%rip)
  mov REGISTER_RSP(%rdi), %rax
  mov %rax, go_on_stack(%rip)
  pushq REGISTER_RFLAGS(%rdi)
  popfq
  mov %rdi, %rsp
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
  mov go_on_stack(%rip), %rsp
  lfence
  jmp *go_on_at(%rip)

.section .data
.balign 64
// As a processor starts: everything in its first state but the flags of vector arithmetic, where all
// exceptions are masked and their flags set (MCDT: no result depends on what was in them).
first_state:
  .skip 24
  .long 0x1fbf
  .skip SAVED_STATE_SIZE - 28
.balign 64
kept_state: .skip SAVED_STATE_SIZE
phase: .quad PHASE_FRESH
host_stack: .quad 0
host_frame: .quad 0
host_return: .quad 0
interrupted_stack: .quad 0
interrupted_frame: .quad 0
interrupted_return: .quad 0
asking_stack: .quad 0
user_stack: .quad 0
go_on_at: .quad 0
go_on_stack: .quad 0

// Each in a segment of its own, between pages that are not there (shim.ld).
.section .stacks, "aw", @nobits
.balign 4096
  .skip SHIM_STACK_SIZE
.globl shim_stack_end
shim_stack_end:
.section .small_stacks, "aw", @nobits
.balign 4096
  .skip SMALL_STACK_SIZE / 4
entry_stack_end:
  .skip SMALL_STACK_SIZE - SMALL_STACK_SIZE / 4
interruption_stack_end:

.section .note.GNU-stack, "", @progbits
