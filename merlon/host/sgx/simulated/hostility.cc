#include "merlon/host/sgx/simulated/hostility.h"

#include <array>
#include <cstring>

namespace merlon::host::sgx::simulated {

/// SplitMix64 (Steele, Lea, Flood 2014): any seed will do, zero too.
std::uint64_t Hostility::next() noexcept {
  state_ += 0x9E37'79B9'7F4A'7C15;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ mixed >> 30U) * 0xBF58'476D'1CE4'E5B9;
  mixed = (mixed ^ mixed >> 27U) * 0x94D0'49BB'1331'11EB;
  return mixed ^ mixed >> 31U;
}

bool Hostility::begins_to_step() noexcept {
  if (next() % 2 != 0) return false;
  steps_ = 1 + next() % most_steps;
  return true;
}

std::uint64_t Hostility::stack() noexcept {
  constexpr std::uint64_t end = sallyport::enclave_base + sallyport::enclave_size;
  constexpr std::uint64_t in_nothing = 0x8000'0000'0000;
  const std::array choices{
      sallyport::shim_start + next() % (sallyport::shim_end - sallyport::shim_start),
      sallyport::user_start + next() % 0x100'0000,
      sallyport::stack_end - 1 - next() % sallyport::stack_size,
      sallyport::saved_state_pages + next() % 0x2000,
      end - 8 + next() % 16,
      in_nothing + next() % 0x1000,
      next() % 0x1000,
      next()};
  return choices[next() % choices.size()];
}

void Hostility::spoil(Context& context) noexcept {
  for (const int which : {REG_RDX, REG_RSI, REG_RDI, REG_R8, REG_R9, REG_R10, REG_R11, REG_R12,
                          REG_R13, REG_R14, REG_R15}) {
    context.set(which, next());
  }
  constexpr std::uint64_t arithmetic = 0x8d5, direction = 0x400, alignment = 0x4'0000;
  const std::uint64_t mask = arithmetic | direction | alignment;
  context.set(REG_EFL, (context.get(REG_EFL) & ~mask) | (next() & mask));
  // x87 and SSE: control words that a program may have, and numbers in all registers.
  context.set_states(context.states() | sallyport::enclave_extended_state);
  const core::ByteSpan state = context.extended();
  for (std::size_t at = 160; at < 416; at += sizeof(std::uint64_t)) {
    const std::uint64_t word = next();
    std::memcpy(state.data() + at, &word, sizeof(word));
  }
  for (std::size_t at = 576; at < 832; at += sizeof(std::uint64_t)) {
    const std::uint64_t word = next();
    std::memcpy(state.data() + at, &word, sizeof(word));
  }
  const auto control = static_cast<std::uint16_t>(0x40 | (next() & 0xf3f));
  std::memcpy(state.data(), &control, sizeof(control));
  const auto mxcsr = static_cast<std::uint32_t>(next() & 0xffff);
  std::memcpy(state.data() + 24, &mxcsr, sizeof(mxcsr));
}

}  // namespace merlon::host::sgx::simulated
