#pragma once

// Which machine registers compiled code uses for what.
//
//   rsp  frame            r15  VmContext        r14  base of memory 0       r11  scratch
//   rax rcx rdx           operands only
//   rdi rsi r8 r9 r10     operands, or home of a local (lost in calls)
//   rbx rbp r12 r13       operands, or home of a local (kept in calls)
//   xmm0 … xmm3           operands only
//   xmm4 … xmm13          operands, or home of a local (lost in calls)
//   xmm14 xmm15           scratch

#include <array>
#include <bit>
#include <cstdint>

#include <asmjit/x86.h>

namespace merlon::wasm::baseline {

namespace x86 = asmjit::x86;

using RegisterId = std::uint8_t;
inline constexpr RegisterId no_register = 0xff;

/// A set of up to 32 registers: general ones are 0…15, vector ones 16…31.
class RegisterSet {
 public:
  constexpr RegisterSet() noexcept = default;
  constexpr explicit RegisterSet(std::uint32_t bits) noexcept : bits_(bits) {}

  constexpr void add(RegisterId id) noexcept { bits_ |= 1U << id; }
  constexpr void remove(RegisterId id) noexcept { bits_ &= ~(1U << id); }
  [[nodiscard]] constexpr bool contains(RegisterId id) const noexcept {
    return (bits_ >> id & 1U) != 0;
  }
  [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }
  [[nodiscard]] constexpr RegisterId first() const noexcept {
    return static_cast<RegisterId>(std::countr_zero(bits_));
  }
  [[nodiscard]] constexpr std::uint32_t bits() const noexcept { return bits_; }
  constexpr RegisterSet operator&(RegisterSet other) const noexcept {
    return RegisterSet(bits_ & other.bits_);
  }
  constexpr RegisterSet operator|(RegisterSet other) const noexcept {
    return RegisterSet(bits_ | other.bits_);
  }
  constexpr RegisterSet operator-(RegisterSet other) const noexcept {
    return RegisterSet(bits_ & ~other.bits_);
  }

 private:
  std::uint32_t bits_ = 0;
};

inline constexpr RegisterId first_vector = 16;

[[nodiscard]] constexpr bool is_vector(RegisterId id) noexcept { return id >= first_vector; }

// Hardware numbers: rax 0, rcx 1, rdx 2, rbx 3, rsp 4, rbp 5, rsi 6, rdi 7, r8 … r15.
inline constexpr RegisterId rax = 0, rcx = 1, rdx = 2, rbx = 3, rbp = 5, rsi = 6, rdi = 7, r8 = 8,
                            r9 = 9, r10 = 10, r11 = 11, r12 = 12, r13 = 13;

template <typename... Ids>
constexpr RegisterSet registers(Ids... ids) noexcept {
  RegisterSet set;
  (set.add(static_cast<RegisterId>(ids)), ...);
  return set;
}

inline constexpr RegisterSet allocatable_general =
    registers(rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r12, r13);
inline constexpr RegisterSet allocatable_vector{0x3fff0000U};
inline constexpr RegisterSet kept_in_calls = registers(rbx, rbp, r12, r13);
/// Registers that may be a local's home, in the order in which they are tried.
inline constexpr std::array<RegisterId, 5> homes_lost = {r8, r9, r10, rdi, rsi};
inline constexpr std::array<RegisterId, 4> homes_kept = {rbx, rbp, r12, r13};
inline constexpr std::array<RegisterId, 10> homes_vector = {20, 21, 22, 23, 24, 25, 26, 27, 28, 29};

inline constexpr std::array<RegisterId, 6> argument_general = {rdi, rsi, r8, r9, r10, rdx};
inline constexpr std::array<RegisterId, 8> argument_vector = {16, 17, 18, 19, 20, 21, 22, 23};
inline constexpr RegisterId result_general = rax;
inline constexpr RegisterId result_vector = 16;

[[nodiscard]] inline x86::Gp gp32(RegisterId id) noexcept { return x86::gpd(id); }
[[nodiscard]] inline x86::Gp gp64(RegisterId id) noexcept { return x86::gpq(id); }
[[nodiscard]] inline x86::Xmm xmm(RegisterId id) noexcept {
  return x86::xmm(static_cast<std::uint32_t>(id - first_vector));
}

inline const x86::Gp context_register = x86::r15;
inline const x86::Gp memory_register = x86::r14;
inline const x86::Gp scratch = x86::r11;
inline const x86::Xmm vector_scratch = x86::xmm15;
inline const x86::Xmm vector_scratch2 = x86::xmm14;

}  // namespace merlon::wasm::baseline
