#pragma once

// The registers of a thread that a signal has interrupted, as its handler may change them
// [LINUX struct sigcontext, struct _fpx_sw_bytes].

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <ucontext.h>

#include "merlon/core/bytes.h"
#include "merlon/sallyport/enclave.h"
#include "merlon/sallyport/saved_state.h"

namespace merlon::host::sgx::simulated {

/// What XSAVE writes of x87, SSE and AVX: legacy region, header, upper halves of YMM.
inline constexpr std::size_t kept_state_size = 832;

/// The address that a processor can have in a register of addresses for these bits: above bit 47
/// all are as that one.
[[nodiscard]] constexpr std::uint64_t possible_address(std::uint64_t bits) noexcept {
  constexpr unsigned unused_bits = 16;
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(bits << unused_bits) >> unused_bits);
}

class Context {
 public:
  explicit Context(::ucontext_t& context) noexcept : context_(context) {}

  [[nodiscard]] std::uint64_t get(int which) const noexcept {
    return static_cast<std::uint64_t>(context_.uc_mcontext.gregs[which]);
  }
  void set(int which, std::uint64_t value) noexcept {
    context_.uc_mcontext.gregs[which] = static_cast<greg_t>(value);
  }

  [[nodiscard]] std::uint64_t states() const noexcept { return word_at(states_at); }
  void set_states(std::uint64_t states) noexcept { put_word(states_at, states); }

  /// The extended state of the enclave, [SDM vol. 1 §13.4].
  void save_extended(core::ByteSpan into) const noexcept {
    std::ranges::copy(bytes().first(kept_state_size), into.begin());
    // Bytes for software in the legacy region are the kernel's here.
    std::ranges::fill(into.subspan(software_at, software_size), std::uint8_t{0});
    const std::uint64_t states = this->states() & sallyport::enclave_extended_state;
    std::memcpy(into.data() + states_at, &states, sizeof(states));
  }
  void load_extended(core::ByteView from, std::uint64_t other_states) noexcept {
    const core::ByteSpan to = bytes();
    std::ranges::copy(from.first(software_at), to.begin());
    std::ranges::copy(from.subspan(yes_at, kept_state_size - yes_at),
                      to.begin() + static_cast<std::ptrdiff_t>(yes_at));
    std::uint64_t states = 0;
    std::memcpy(&states, from.data() + states_at, sizeof(states));
    set_states((states & sallyport::enclave_extended_state) | other_states);
  }
  /// As after AEX: everything in its first state.
  void clear_extended() noexcept {
    set_states(0);
    constexpr std::uint32_t first = 0x1f80;
    std::memcpy(bytes().data() + mxcsr_at, &first, sizeof(first));
  }
  /// Whether x87, SSE and AVX are as after sgx_ask(): nothing of the enclave's is in them.
  [[nodiscard]] bool is_extended_clear() const noexcept {
    constexpr std::uint64_t x87 = 1, sse = 2, avx = 4;
    constexpr std::size_t x87_registers = 32, sse_registers = 160, behind_sse = 416;
    const core::ByteSpan all = bytes();
    const auto is_zero = [&](std::size_t from, std::size_t to) {
      return std::ranges::all_of(all.subspan(from, to - from),
                                 [](std::uint8_t byte) { return byte == 0; });
    };
    const std::uint64_t used = states();
    return ((used & x87) == 0 || is_zero(x87_registers, sse_registers)) &&
           ((used & sse) == 0 || is_zero(sse_registers, behind_sse)) &&
           ((used & avx) == 0 || is_zero(yes_at, kept_state_size));
  }
  /// Whether nothing of the enclave is in any register at EEXIT, which is its host's to read. While
  /// its thread is interrupted, extended state is what the host came with.
  [[nodiscard]] bool is_clean(bool is_interrupted) const noexcept {
    constexpr auto registers = std::array{REG_RDX, REG_RSI, REG_R8,  REG_R9,  REG_R10,
                                          REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    constexpr std::uint64_t flags = 0xcd5;     // arithmetic, direction
    constexpr std::uint64_t of_a_zero = 0x44;  // which is the last that was computed
    return (is_interrupted || is_extended_clear()) && (get(REG_EFL) & flags) == of_a_zero &&
           std::ranges::all_of(registers, [this](int each) { return get(each) == 0; });
  }
  [[nodiscard]] core::ByteSpan extended() noexcept { return bytes().first(kept_state_size); }
  /// What XFRM does not have.
  [[nodiscard]] core::ByteSpan other_states() noexcept {
    const core::ByteSpan all = bytes();
    return all.size() > kept_state_size ? all.subspan(kept_state_size) : core::ByteSpan{};
  }

 private:
  static constexpr std::size_t mxcsr_at = 24, software_at = 464, software_size = 48,
                               size_in_software = 16, states_at = 512, yes_at = 576;

  [[nodiscard]] core::ByteSpan bytes() const noexcept {
    // SAFETY: the kernel has put the extended state there, as long as it says.
    auto* const data = reinterpret_cast<std::uint8_t*>(context_.uc_mcontext.fpregs);
    std::uint32_t size = 0;
    std::memcpy(&size, data + software_at + size_in_software, sizeof(size));
    return {data, size};
  }
  [[nodiscard]] std::uint64_t word_at(std::size_t at) const noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes().data() + at, sizeof(word));
    return word;
  }
  void put_word(std::size_t at, std::uint64_t word) noexcept {
    std::memcpy(bytes().data() + at, &word, sizeof(word));
  }

  ::ucontext_t& context_;
};

}  // namespace merlon::host::sgx::simulated
