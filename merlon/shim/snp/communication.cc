#include "merlon/shim/snp/communication.h"

#include <array>

#include "merlon/shim/linux/user.h"

namespace merlon::shim::snp {
namespace {

constexpr std::uint64_t cpuid_exit = 0x72;

}  // namespace

bool serve_communication(linux::Registers& registers, const Cpuid& cpuid) noexcept {
  if (registers.error != cpuid_exit) return false;
  // Read once: the keep may write its own code pages in between, though it has one thread.
  std::array<std::uint8_t, 2> code{};
  if (!linux::read_user(registers.rip, code)) return false;
  constexpr std::array<std::uint8_t, 2> instruction{0x0f, 0xa2};
  if (code != instruction) return false;
  const CpuidAnswer answer = cpuid.answer(static_cast<std::uint32_t>(registers.rax),
                                          static_cast<std::uint32_t>(registers.rcx));
  registers.rax = answer.eax;
  registers.rbx = answer.ebx;
  registers.rcx = answer.ecx;
  registers.rdx = answer.edx;
  registers.rip += code.size();
  return true;
}

}  // namespace merlon::shim::snp
