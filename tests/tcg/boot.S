// Stands in for a launcher that cannot set a processor's registers: brings QEMU's processor from a
// multiboot kernel's state [MULTIBOOT 0.6.96 §3] to the one that a shim starts in. The host has put
// page tables, shim and keep into the memory already, and mapped this page at its own address.

#define PAGE_TABLES 0x400000
#define BOOT_PAGE 0x3ff000
#define SHIM 0x100000

// Of a machine whose memory is encrypted: main.cc says that it is one, and has its private memory as
// a device of PCI, in slot 30, which is put where the private bit of an address leads to.
#define ENCRYPTED_FLAG 0x500000
#define PRIVATE_BIT (1 << 51)
#define DEVICE (0x80000000 | 30 << 11)
#define COMMAND 4
#define BASE_LOW 0x18
#define BASE_HIGH 0x1c

.code32
.section .text
.balign 4
.long 0x1BADB002, 0, -0x1BADB002

.globl start
start:
  cli
  mov $0xff, %al  // the firmware leaves a timer running: no interrupt may come
  out %al, $0x21
  out %al, $0xa1
  mov $PAGE_TABLES, %eax
  mov %eax, %cr3
  mov ENCRYPTED_FLAG, %eax
  mov %eax, encrypted
  mov $0x150620, %eax  // PAE, SSE, FSGSBASE, OSXSAVE, SMEP
  mov %eax, %cr4
  mov $0xc0000080, %ecx
  rdmsr
  or $0x901, %eax  // system calls, long mode, no-execute
  wrmsr
  mov $0x80050033, %eax
  mov %eax, %cr0
  lgdt table_register
  ljmp $0x10, $long_mode

.code64
long_mode:
  mov $0x18, %eax
  mov %eax, %ss
  xor %eax, %eax
  mov %eax, %ds
  mov %eax, %es
  mov %eax, %fs
  mov %eax, %gs
  cmpl $0, encrypted(%rip)
  jne encrypted_start
  xor %ecx, %ecx
  mov $7, %eax  // x87, SSE, AVX
  xor %edx, %edx
  xsetbv
  mov $BOOT_PAGE, %edi
  mov $SHIM, %eax
  jmp *%rax

// edx: the device's register; eax: its value.
configure:
  mov %eax, %ebx
  lea DEVICE(%edx), %eax
  mov $0xcf8, %edx
  out %eax, %dx
  mov $0xcfc, %edx
  mov %ebx, %eax
  out %eax, %dx
  jmp *%rsi

.macro set register, value
  mov $\register, %edx
  mov $\value, %eax
  lea 1f(%rip), %rsi
  jmp configure
1:
.endm

// The registers are those that image/first_registers.cc has: the shim switches on what more there is.
encrypted_start:
  set COMMAND, 0
  set BASE_LOW, 0
  set BASE_HIGH, (PRIVATE_BIT >> 32)
  set COMMAND, 2
  mov $0x10620, %eax
  mov %rax, %cr4
  movabs $(PRIVATE_BIT + PAGE_TABLES), %rax
  mov %rax, %cr3
  xor %ebx, %ebx
  mov $BOOT_PAGE, %edi
  mov $SHIM, %eax
  jmp *%rax

.balign 8
encrypted: .long 0

// For tests that inject: each instruction at its own place, to be jumped to at ring 0.
.globl inject_int
.balign 8
inject_int:
vector = 0
.rept 256
  .byte 0xcd, vector  // int
  vector = vector + 1
.endr
.globl inject_opcode, inject_protection, inject_page
inject_opcode: ud2
inject_protection: mov $0x53, %eax  // behind the end of the table
  mov %ax, %ds
inject_page: mov %al, 0

.balign 8
table:
  .quad 0, 0, 0x00af9b000000ffff, 0x00cf93000000ffff
table_register:
  .word 31
  .long table

.section .note.GNU-stack, "", @progbits
