// What the shim lends its keep to call in place of `syscall`: the same registers. Where shim and keep
// share a ring, the shim has put the address of its own entry into the page behind this code; else
// it is the instruction. core/lent_call.h says how a keep finds it.

.text
// long ask_shim(long clock, TimeSpec*): clock_gettime(2), whose registers are those of the function.
.globl ask_shim
.hidden ask_shim
.type ask_shim, @function
ask_shim:
  mov $228, %eax
  // goes on below
.globl lent_system_call
.hidden lent_system_call
.type lent_system_call, @function
lent_system_call:
  mov lent_entry(%rip), %r11
  test %r11, %r11
  jz 1f
  lea 2f(%rip), %rcx
  jmp *%r11
1:
  syscall
2:
  ret

.section .note.GNU-stack, "", @progbits
