#pragma once

// What the processor saves of an interrupted thread [SDM vol. 3D, "State Save Area (SSA) Frame"].
// It lies in the enclave and the processor writes it: the shim believes it as far as it says VALID,
// and a simulated processor writes it so. Freestanding.

#include <cstddef>
#include <cstdint>

namespace merlon::sallyport {

/// GPRSGX, at the end of a frame.
struct SavedRegisters {
  std::uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15;
  std::uint64_t rflags, rip;
  std::uint64_t outer_rsp, outer_rbp;
  std::uint32_t exit_info;
  std::uint32_t reserved;
  std::uint64_t fs_base, gs_base;
};
static_assert(sizeof(SavedRegisters) == 184);

/// EXINFO, of MISCSELECT, below it: of #PF and #GP.
struct FaultInfo {
  std::uint64_t address;
  std::uint32_t error;
  std::uint32_t reserved;
};
static_assert(sizeof(FaultInfo) == 16);

struct SavedFrame {
  std::uint8_t extended_state[4096 - sizeof(FaultInfo) - sizeof(SavedRegisters)];
  FaultInfo fault;
  SavedRegisters registers;
};
static_assert(sizeof(SavedFrame) == 4096);

/// EXITINFO: whether it was an exception of the enclave's own, and which.
inline constexpr std::uint32_t exit_valid = 0x8000'0000;
[[nodiscard]] constexpr std::uint32_t exit_vector(std::uint32_t info) noexcept {
  return info & 0xff;
}

}  // namespace merlon::sallyport
