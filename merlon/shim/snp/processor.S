// What machine.h asks of the processor. Only run where CR3, which is measured, says that memory is
// private. The instructions are given as bytes: not every assembler knows them.

.text

// edi: the register's number.
.globl snp_read_register
snp_read_register:
  mov %edi, %ecx
.globl snp_at_rdmsr
snp_at_rdmsr:
  rdmsr
  shl $32, %rdx
  mov %eax, %eax
  or %rdx, %rax
  ret

// edi: the register's number; rsi: the value.
.globl snp_write_register
snp_write_register:
  mov %edi, %ecx
  mov %esi, %eax
  mov %rsi, %rdx
  shr $32, %rdx
.globl snp_at_wrmsr
snp_at_wrmsr:
  wrmsr
  ret

.globl snp_exit
snp_exit:
  .byte 0xf3, 0x0f, 0x01, 0xd9  // vmgexit
  ret

// rdi: the address; esi: 1 for 2 MiB; edx: 1 to validate, 0 to rescind.
.globl snp_validate
snp_validate:
  mov %rdi, %rax
  mov %esi, %ecx
.globl snp_at_pvalidate
snp_at_pvalidate:
  .byte 0xf2, 0x0f, 0x01, 0xff  // pvalidate
  setc %cl
  movzbl %cl, %ecx
  shl $32, %rcx
  mov %eax, %eax
  or %rcx, %rax
  ret

// rdi: the address; rsi: the attributes.
.globl snp_adjust
snp_adjust:
  mov %rdi, %rax
  xor %ecx, %ecx
  mov %rsi, %rdx
.globl snp_at_rmpadjust
snp_at_rmpadjust:
  .byte 0xf3, 0x0f, 0x01, 0xfe  // rmpadjust
  ret

.globl snp_touch
snp_touch:
  movb (%rdi), %al
  ret

// rdi: XCR0; rsi: bits for CR4, among them the one that allows XCR0.
.globl snp_begin_states
snp_begin_states:
  mov %cr4, %rax
  or %rsi, %rax
  mov %rax, %cr4
  mov %edi, %eax
  mov %rdi, %rdx
  shr $32, %rdx
  xor %ecx, %ecx
  xsetbv
  ret

.globl snp_set_fault_address
snp_set_fault_address:
  mov %rdi, %cr2
  ret

// Shared pages are mapped at their physical addresses.
.globl snp_shared
snp_shared:
  mov %rdi, %rax
  ret

.section .note.GNU-stack, "", @progbits
