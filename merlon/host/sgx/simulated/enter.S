// The way into a simulated enclave and back, as the kernel's vdso has it for real ones
// [LINUX arch/x86/entry/vdso/vsgx.S]. In the place of ENCLU stands what raises #GP on every processor
// (code.h), also on one that has SGX, and the handler of the signal does what ENCLU would.

// struct sgx_enclave_run
#define RUN_TCS 0
#define RUN_FUNCTION 8
#define RUN_USER_DATA 32
// ucontext_t
#define CONTEXT_RIP 168
// sallyport/enclave.h, enclave_size
#define ENCLAVE_END (1 << 46)

#define SYS_ARCH_PRCTL 158
#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003

.text
// void simulated_enter(uint32_t leaf, struct sgx_enclave_run* run): what was in rdi at EEXIT is in
// run->user_data afterwards.
.globl simulated_enter
simulated_enter:
  push %rbp
  mov %rsp, %rbp
  push %rbx
  push %r12
  push %r13
  push %r14
  push %r15
  push %rsi
  mov %edi, %eax
  mov RUN_TCS(%rsi), %rbx
  lea simulated_interrupted(%rip), %rcx
.globl simulated_door
simulated_door:
  hlt
  nop  // as long
  nop  // as ENCLU
  mov (%rsp), %rsi
  mov %rdi, RUN_USER_DATA(%rsi)
  movl $4, RUN_FUNCTION(%rsi)
.globl simulated_interrupted
simulated_interrupted:
  cld
  pop %rsi
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbx
  pop %rbp
  ret

// A signal's handler. In the enclave FS is the enclave's, and compiled code of this process wants its
// own: it is set first, and what FS is to be afterwards comes back in rax. Elsewhere FS is right
// already, whichever thread it is. The kernel leaves the flag of alignment checks as the enclave had it.
.globl simulated_signal
simulated_signal:
  pushq $2
  popfq
  push %rbp
  mov %rsp, %rbp
  cmpb $0, simulated_asks_for_thread_pointer(%rip)
  jne signal_that_asks
  rdfsbase %rcx  // fourth argument
  mov $ENCLAVE_END, %rax
  cmp %rax, CONTEXT_RIP(%rdx)
  jae 1f
  mov simulated_thread_pointer(%rip), %rax
  wrfsbase %rax
1:
  call simulated_handle
  wrfsbase %rax
  pop %rbp
  ret

// The same where only the kernel may change FS.
signal_that_asks:
  push %rdi
  push %rsi
  push %rdx
  push $0
  mov $ARCH_GET_FS, %edi
  mov %rsp, %rsi
  mov $SYS_ARCH_PRCTL, %eax
  syscall
  mov 8(%rsp), %rdx
  mov $ENCLAVE_END, %rax
  cmp %rax, CONTEXT_RIP(%rdx)
  jae 1f
  mov $ARCH_SET_FS, %edi
  mov simulated_thread_pointer(%rip), %rsi
  mov $SYS_ARCH_PRCTL, %eax
  syscall
1:
  pop %rcx
  pop %rdx
  pop %rsi
  pop %rdi
  call simulated_handle
  mov $ARCH_SET_FS, %edi
  mov %rax, %rsi
  mov $SYS_ARCH_PRCTL, %eax
  syscall
  pop %rbp
  ret

.data
.globl simulated_asks_for_thread_pointer
simulated_asks_for_thread_pointer: .byte 0
.balign 8
.globl simulated_thread_pointer
simulated_thread_pointer: .quad 0

.section .note.GNU-stack, "", @progbits
