// Uninterrupted, it carries out a leaf, or the instruction at the address in rbx for leaf 0x100,
// notes what came of it, and leaves with 0x55; interrupted, it leaves with 2, or is interrupted
// again.

  .section .rodata
  .balign 64
  .globl test_enclave
  .globl test_enclave_leaf
  .globl test_enclave_goes_on
  .globl test_enclave_nothing
  .globl test_enclave_reads
  .globl test_enclave_numbers
  .globl test_enclave_reads_numbered
  .globl test_enclave_writes
  .globl test_enclave_calls
  .globl test_enclave_accepts_two
  .globl test_enclave_asks_by_accepted
  .globl test_enclave_accepts_row
  .globl test_enclave_end
test_enclave:
  movabs $0x100000000000, %r14
  cmp $0, %rax
  jne 2f
  mov %rcx, %r15
  rdfsbase %rax
  mov %rax, 128(%r14)
  wrfsbase %r14
  movups 96(%r14), %xmm1
  mov (%r14), %rax
  mov 8(%r14), %rbx
  mov 16(%r14), %rcx
  mov 24(%r14), %rdx
  cmp $0x100, %rax
  je 1f
test_enclave_leaf:
  enclu
test_enclave_goes_on:
  mov %rax, 32(%r14)
  lahf
  mov %rax, 40(%r14)
  rdfsbase %rax
  mov %rax, 136(%r14)
  movups %xmm1, 112(%r14)
  mov $7, %eax
  xor %edx, %edx
  xrstor 1024(%r14)
  movups 80(%r14), %xmm0
  mov $0x55, %edi
  mov %r15, %rbx
  jmp 3f
1: jmp *%rbx
2:
  mov $2, %edi
  mov %rcx, %rbx
  cmpq $0, 64(%r14)
  jne test_enclave_nothing
3:
  mov %rsp, %r13
  lea 4096(%r14), %rsp
  pushq $2
  popfq
  mov %r13, %rsp
  mov 48(%r14), %r13
  add 56(%r14), %rsp
  xor %edx, %edx
  xor %esi, %esi
  xor %r8d, %r8d
  xor %r9d, %r9d
  xor %r10d, %r10d
  xor %r11d, %r11d
  xor %r12d, %r12d
  xor %r14d, %r14d
  xor %r15d, %r15d
  xor %ecx, %ecx
  mov $4, %eax
  enclu
test_enclave_nothing:
  ud2
test_enclave_reads:
  mov (%rcx), %dl
  jmp test_enclave_goes_on
test_enclave_numbers:
  mov $1, %ebx
  mov $2, %edx
  mov $3, %esi
  mov $4, %edi
  mov $5, %r8d
  mov $6, %r9d
  mov $7, %r10d
  mov $8, %r11d
  mov $9, %r12d
  mov $10, %r13d
test_enclave_reads_numbered:
  mov (%rcx), %al
  mov %rbx, 320(%r14)
  mov %rdx, 328(%r14)
  mov %rsi, 336(%r14)
  mov %rdi, 344(%r14)
  mov %r8, 352(%r14)
  mov %r9, 360(%r14)
  mov %r10, 368(%r14)
  mov %r11, 376(%r14)
  mov %r12, 384(%r14)
  mov %r13, 392(%r14)
  jmp test_enclave_goes_on
test_enclave_writes:
  mov %dl, (%rcx)
  jmp test_enclave_goes_on
test_enclave_calls:
  mov $39, %eax
  syscall
  jmp test_enclave_goes_on
test_enclave_accepts_two:
  lea 256(%r14), %rbx
  mov $5, %eax
  enclu
  add $4096, %rcx
  mov $5, %eax
  enclu
  mov %dl, (%rcx)
  mov %dl, -4096(%rcx)
  jmp test_enclave_goes_on
test_enclave_asks_by_accepted:
  lea 256(%r14), %rbx
  mov $5, %eax
  enclu
  mov %rcx, %rbx
  add $4096, %rcx
  mov $5, %eax
  enclu
  jmp test_enclave_goes_on
test_enclave_accepts_row:
  lea 256(%r14), %rbx
1:
  mov $5, %eax
  enclu
  jz 2f
  add $4096, %rcx
  cmp %rdx, %rcx
  jb 1b
2:
  mov %rcx, 144(%r14)
  jmp test_enclave_goes_on
test_enclave_end:

  .section .note.GNU-stack,"",@progbits
