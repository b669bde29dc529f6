// uint64_t ask_with_secrets(Asked*): a system call with a secret in every register that is no argument of it; what of them is
// not as it was afterwards stands in Asked.

#include "tests/sgx/asking.h"

.text
.globl ask_with_secrets
.type ask_with_secrets, @function
ask_with_secrets:
  push %rbx
  push %rbp
  push %r12
  push %r13
  push %r14
  push %r15
  push %rdi
  vmovdqu the_secret(%rip), %ymm0
.irp number, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
  vmovdqa %ymm0, %ymm\number
.endr
  mov the_secret(%rip), %rbx
  mov %rbx, %rbp
  mov %rbx, %r12
  mov %rbx, %r13
  mov %rbx, %r14
  mov %rbx, %r15
  mov ASKED_NUMBER(%rdi), %rax
  mov ASKED_ARGUMENTS+8(%rdi), %rsi
  mov ASKED_ARGUMENTS+16(%rdi), %rdx
  mov ASKED_ARGUMENTS+24(%rdi), %r10
  mov ASKED_ARGUMENTS+32(%rdi), %r8
  mov ASKED_ARGUMENTS+40(%rdi), %r9
  mov ASKED_LENT(%rdi), %r11
  mov ASKED_ARGUMENTS(%rdi), %rdi
  test %r11, %r11
  jz 1f
  call *%r11
  jmp 2f
1:
  syscall
2:
  pop %rdi
  mov the_secret(%rip), %rcx
  xor %rcx, %rbx
  xor %rcx, %rbp
  xor %rcx, %r12
  xor %rcx, %r13
  xor %rcx, %r14
  xor %rcx, %r15
  or %rbp, %rbx
  or %r12, %rbx
  or %r13, %rbx
  or %r14, %rbx
  or %r15, %rbx
  vpxor the_secret(%rip), %ymm0, %ymm0
.irp number, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
  vpxor the_secret(%rip), %ymm\number, %ymm\number
  vpor %ymm\number, %ymm0, %ymm0
.endr
  xor %edx, %edx
  vptest %ymm0, %ymm0
  setnz %dl
  or %rdx, %rbx
  mov %rbx, ASKED_CHANGED(%rdi)
  vzeroall
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbp
  pop %rbx
  ret

.section .rodata
.balign 32
.globl the_secret
the_secret: .fill 32, 1, SECRET_BYTE

.section .note.GNU-stack, "", @progbits
