// Where a static program of Merlon's begins, before the C library's own _start. Such a program
// relocates itself, and so writes to nearly every page that holds constants with addresses: 70
// pages of a keep, each a page fault and a copy. The kernel is asked to copy them at once, for half
// of that time. Kernels before Linux 5.14 do not know the request, and shims have no pages to copy:
// whatever is answered, the program goes on.

#include <sys/syscall.h>

#define MADV_POPULATE_WRITE 23  // madvise(2); older headers of the C library lack it

        .text
        .globl  merlon_start
        .hidden merlon_start
        .type   merlon_start, @function
merlon_start:
        mov     %rdx, %r8  // is _start's: what exit(3) is to call
        lea     __init_array_start(%rip), %rdi  // on the first page of what is written
        and     $-4096, %rdi
        lea     __bss_start(%rip), %rsi
        sub     %rdi, %rsi
        mov     $MADV_POPULATE_WRITE, %edx
        mov     $SYS_madvise, %eax
        syscall
        mov     %r8, %rdx
        jmp     _start
        .size   merlon_start, . - merlon_start

        .section .note.GNU-stack, "", @progbits
