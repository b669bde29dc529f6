// The vdso as it is built, for the launcher to find: shim.ld gives it a program header of its own.
.section .vdso, "a"
.incbin MERLON_VDSO
.section .note.GNU-stack, "", @progbits
