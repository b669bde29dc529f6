#include "merlon/host/sgx/simulated/thread_pointer.h"

#include <array>

#include <asm/hwcap2.h>
#include <sys/auxv.h>

#include "merlon/host/sgx/simulated/code.h"

namespace merlon::host::sgx::simulated {
namespace {

// F3 REX.W 0F AE, and a register in the last byte.
constexpr std::size_t instruction_size = 5;

constexpr auto registers_in_order =
    std::array{REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
               REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

}  // namespace

bool kernel_follows_thread_pointer() noexcept {
  return (::getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE) != 0;
}

void ThreadPointerPlaces::look_for(std::uint64_t address, core::ByteView code) {
  for (std::size_t at = 0; at + instruction_size <= code.size(); ++at) {
    const std::uint8_t rex = code[at + 1];
    const std::uint8_t operand = code[at + 4];
    const bool is_wide = (rex & 0xfeU) == 0x48;  // REX.W, perhaps REX.B
    if (code[at] != 0xf3 || !is_wide || code[at + 2] != 0x0f || code[at + 3] != 0xae) continue;
    const bool reads = (operand & 0xf8U) == 0xc0;
    const bool writes = (operand & 0xf8U) == 0xd0;
    if (!reads && !writes) continue;
    const std::size_t number = (operand & 7U) | (rex & 1U) << 3U;
    places_[address + at] = {writes, registers_in_order[number]};
  }
}

os::Result<void> ThreadPointerPlaces::hide_all() {
  for (const auto& [address, instruction] : places_) TRY(put_code(address, halt));
  return {};
}

bool ThreadPointerPlaces::carry_out(::mcontext_t& registers, std::uint64_t& thread_pointer) const {
  const auto place = static_cast<std::uint64_t>(registers.gregs[REG_RIP]);
  const auto found = places_.find(place);
  if (found == places_.end()) return false;
  ::greg_t& operand = registers.gregs[found->second.operand];
  if (found->second.writes) thread_pointer = static_cast<std::uint64_t>(operand);
  else operand = static_cast<::greg_t>(thread_pointer);
  registers.gregs[REG_RIP] = static_cast<::greg_t>(place + instruction_size);
  return true;
}

}  // namespace merlon::host::sgx::simulated
