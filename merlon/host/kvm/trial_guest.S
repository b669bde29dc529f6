// What a machine runs before its keep: where `syscall` leads, what CPUID answers there, and one
// instruction of each set that compiled code is made of. Ring 3, rdi: where the answers go, laid
// out as trial.cc reads them. A processor that lacks an instruction stops here.

#include "merlon/host/kvm/trial_guest.h"

.section .rodata.trial, "a"
.globl trial_guest
trial_guest:
  syscall
.globl trial_guest_entry
trial_guest_entry:
  mov %cs, %eax
  mov %eax, (%rdi)

  mov $1, %eax
  xor %ecx, %ecx
  cpuid
  mov %ecx, 4(%rdi)
  mov $7, %eax
  xor %ecx, %ecx
  cpuid
  mov %ebx, 8(%rdi)
  mov $0x80000001, %eax
  xor %ecx, %ecx
  cpuid
  mov %ecx, 12(%rdi)
  xor %ecx, %ecx
  xgetbv
  mov %eax, 16(%rdi)

  rdtsc
  mov %eax, %ebx
  movl $1, TRIAL_FRESH_PAGE(%rdi)  // nobody has used it yet
  lfence
  rdtsc
  sub %ebx, %eax
  mov %eax, 24(%rdi)

  vpcmpeqd %ymm0, %ymm0, %ymm0
  vpsrld $31, %ymm0, %ymm0
  vextracti128 $1, %ymm0, %xmm1
  vpaddd %xmm1, %xmm0, %xmm0
  vmovd %xmm0, %eax              // AVX2: 2
  vzeroupper
  mov $5, %ecx
  mov $0xf0, %edx
  pdep %edx, %ecx, %ecx          // BMI2: 0x50
  add %ecx, %eax
  mov $6, %ecx
  blsr %ecx, %ecx                // BMI1: 4
  add %ecx, %eax
  mov $1, %ecx
  lzcnt %ecx, %ecx               // LZCNT: 31, and 0 where it runs as bsr
  add %ecx, %eax
  mov $0xff, %ecx
  popcnt %ecx, %ecx              // POPCNT: 8
  add %ecx, %eax
  mov %eax, 20(%rdi)

  out %al, $TRIAL_PORT
  hlt
.globl trial_guest_end
trial_guest_end:

.section .note.GNU-stack, "", @progbits
