// Ring 0, 64-bit. rdi: the boot page.
.section .text.start, "ax"
.globl _start
_start:
  lea stack_end(%rip), %rsp
  xor %ebp, %ebp
  call attack
  ud2

.section .bss
.align 16
  .skip 16384
stack_end:
.section .note.GNU-stack, "", @progbits
