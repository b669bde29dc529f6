// Numbers that the assembly and the C++ of an enclave share. No C++ here.
#ifndef MERLON_SHIM_SGX_LAYOUT_H
#define MERLON_SHIM_SGX_LAYOUT_H

// sallyport/boot.h, shim_start
#define SHIM_START 0x100000

// Leaves of ENCLU [SDM vol. 3D, "User Leaf Functions"].
#define ENCLU_EEXIT 4

// sallyport/enclave.h, EnclaveExit and enclave_extended_state.
#define EXIT_ASKS 1
#define EXTENDED_STATE 7

// In which phase the thread is. Wide, so that no bit that flips makes one of another.
#define PHASE_FRESH 0x5f3c1e09a7d2486b
#define PHASE_INSIDE 0x2ab49d6071e85fc3
#define PHASE_ASKING 0x71c8e35b0f964ad2

#define SHIM_STACK_SIZE 32768
#define SMALL_STACK_SIZE 4096

// Offsets in linux::Registers.
#define REGISTER_RDI 112
#define REGISTER_RIP 136
#define REGISTER_RFLAGS 152
#define REGISTER_RSP 160

// The state of x87, SSE and AVX as XSAVE writes it [SDM vol. 1 §13.4].
#define SAVED_STATE_SIZE 832

#endif
