// Workloads that broke out of their engine: in the place of merlon-keep, each tries one thing on its
// shim. ATTEMPT says which it is. Status 7: it came to its end and gained nothing; 9: it gained.

#define WRITE 1
#define MMAP 9
#define MPROTECT 10
#define GETPID 39
#define EXIT_GROUP 231

#define TRAP (1 << 8)
#define DIRECTION (1 << 10)
#define PRIVILEGE (3 << 12)
#define NESTED (1 << 14)
#define ALIGNMENT (1 << 18)

.macro set_flags flags
  pushfq
  orq $(\flags), (%rsp)
  popfq
.endm

.text
.globl _start
_start:
  jmp ATTEMPT

// A gate for this would serve a system call to a host that injects it.
LegacyCall:
  mov $GETPID, %eax
  int $0x80
  jmp done

// The vector of the shim's own page faults, without an error code.
FakeFault:
  int $14
  jmp done

DebugException:
  .byte 0xf1  // int1
  jmp done

// As `syscall` is entered with each instruction traced.
Step:
  mov $GETPID, %eax
  set_flags TRAP
  syscall
  jmp done

// Calls with the flags that would matter in a shim that did not clear them.
HostileFlags:
  set_flags DIRECTION | ALIGNMENT | NESTED
  mov $WRITE, %eax
  mov $1, %edi
  lea message(%rip), %rsi
  mov $6, %edx
  syscall
  cmp $6, %rax
  jne failed
  jmp done

// As `syscall` would come in, with flags that it could not have: those now, which nothing has masked,
// and those to come back with.
Jump:
  set_flags DIRECTION | ALIGNMENT | NESTED
  mov $WRITE, %eax
  mov $1, %edi
  lea message(%rip), %rsi
  mov $6, %edx
  lea 1f(%rip), %rcx
  mov $(PRIVILEGE | ALIGNMENT | 0x202), %r11d
  jmp *shim_entry(%rip)
1:
  pushfq
  pop %rdx
  test $PRIVILEGE, %edx
  jnz failed
  cmp $6, %rax
  jne failed
  jmp done

// By an address that is none: on the stack's behalf it has an exception of its own.
StackFault:
  mov $0x8000000000000000, %rbp
  mov (%rbp), %rax
  jmp done

// A fault and a call where the stack pointer leads into the shim.
ShimsStack:
  mov shim_entry(%rip), %rsp
  mov $GETPID, %eax
  syscall
  cmp $1, %rax
  jne failed
  ud2

// To write where that was allowed a moment ago, which the processor may remember: a page, and more
// pages than are forgotten one by one.
KeptRights:
  mov $0x1000, %ebp
  jmp 1f
ManyKeptRights:
  mov $0x8000, %ebp
1:
  mov $MMAP, %eax
  xor %edi, %edi
  mov %ebp, %esi
  mov $3, %edx  // read and write
  mov $0x22, %r10d  // private, anonymous
  mov $-1, %r8
  xor %r9d, %r9d
  syscall
  mov %rax, %rbx
  movb $1, (%rbx)
  mov $MPROTECT, %eax
  mov %rbx, %rdi
  mov %ebp, %esi
  mov $1, %edx  // read
  syscall
  test %rax, %rax
  jnz failed
  movb $2, (%rbx)
  jmp failed

done:
  mov $7, %edi
  jmp end
failed:
  mov $9, %edi
end:
  mov $EXIT_GROUP, %eax
  syscall

.section .rodata
message: .ascii "hello\n"
.balign 8
shim_entry: .quad 0x1122334455667788  // the test puts it here

.section .note.GNU-stack, "", @progbits
