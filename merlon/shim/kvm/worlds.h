#pragma once

// What an exception of the keep is in each world (sallyport/boot.h). Freestanding.

#include <array>
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

/// What the processor calls an exception, for the line that ends a keep.
[[nodiscard]] constexpr const char* name_of_vector(std::uint64_t vector) noexcept {
  constexpr auto names = std::array{
      "a division error",
      "a debug exception",
      "an interrupt that cannot be masked",
      "a breakpoint",
      "an overflow",
      "a bound that was exceeded",
      "an opcode that is none",
      "a coprocessor that is not there",
      "a fault within a fault",
      "a coprocessor's overrun",
      "a task segment that is none",
      "a segment that is not there",
      "a stack fault",
      "a protection fault",
      "a page fault",
      "exception 15",
      "an x87 error",
      "an access that is not aligned",
      "a machine check",
      "a vector arithmetic error",
      "a virtualization exception",
      "a control protection fault",
      "exception 22",
      "exception 23",
      "exception 24",
      "exception 25",
      "exception 26",
      "exception 27",
      "a hypervisor's injection",
      "a hypervisor's communication",
      "a security exception",
      "exception 31",
  };
  static_assert(names.size() == 32);
  return vector < names.size() ? names[vector] : "an interrupt";
}

/// Has the registers be as an entry by `syscall` leaves them: its number, and where it comes back.
/// No processor has masked anything of them: the keep may have jumped here.
constexpr void make_system_call(linux::Registers& registers) noexcept {
  registers.vector = registers.rax;
  registers.rip = registers.rcx;
  registers.rflags = linux::safe_flags(registers.r11);
}

}  // namespace merlon::shim::kvm
