#pragma once

// What an exception of the keep is in each world (sallyport/boot.h). Freestanding.

#include <cstdint>

#include "merlon/sallyport/boot.h"
#include "merlon/shim/linux/registers.h"

namespace merlon::shim::kvm {

enum class Cause {
  Keep,        ///< the keep's own fault, for its handler
  SystemCall,  ///< of world Isolated, where `syscall` goes to a page that ring 3 may not read
  Shim,        ///< the shim's, where it runs at ring 3 as well
};

/// `entry`: where `syscall` goes.
[[nodiscard]] constexpr Cause cause_of(sallyport::World world, const linux::Registers& registers,
                                       std::uint64_t entry) noexcept {
  constexpr std::uint64_t page_fault = 14;
  if (world == sallyport::World::Isolated && registers.vector == page_fault &&
      registers.rip == entry) {
    return Cause::SystemCall;
  }
  const bool inside = registers.rip >= sallyport::shim_start && registers.rip < sallyport::shim_end;
  return inside ? Cause::Shim : Cause::Keep;
}

/// Has the registers be as an entry by `syscall` leaves them: its number, and where it comes back.
constexpr void make_system_call(linux::Registers& registers) noexcept {
  registers.vector = registers.rax;
  registers.rip = registers.rcx;
  registers.rflags = registers.r11;
}

}  // namespace merlon::shim::kvm
