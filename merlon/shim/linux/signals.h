#pragma once

// Exceptions of the keep, delivered as Linux delivers signals: a frame on the keep's stack, its
// handler, and rt_sigreturn.

#include <array>
#include <cstdint>

#include "merlon/shim/linux/abi.h"
#include "merlon/shim/linux/registers.h"

namespace merlon::shim::linux {

class Signals {
 public:
  [[nodiscard]] abi::SystemResult set_action(std::uint64_t signal, std::uint64_t action,
                                             std::uint64_t previous) noexcept;
  [[nodiscard]] abi::SystemResult set_mask(std::uint64_t how, std::uint64_t set,
                                           std::uint64_t previous) noexcept;
  [[nodiscard]] abi::SystemResult set_stack(std::uint64_t stack, std::uint64_t previous) noexcept;

  /// Sends the keep to its handler for an exception of the processor. Does not come back when there
  /// is none: then the keep ends, as a process does.
  void raise(Registers& registers, std::uint64_t fault_address) noexcept;
  /// A signal that the keep sends to itself; never ignored, since only abort() does.
  [[noreturn]] static void kill(std::uint64_t signal) noexcept;
  /// rt_sigreturn: the registers that the handler left in its frame.
  void come_back(Registers& registers) noexcept;

 private:
  [[nodiscard]] std::uint64_t stack_for(const abi::SignalAction& action,
                                        std::uint64_t stack_pointer) const noexcept;

  std::array<abi::SignalAction, abi::signal_count> actions_{};
  abi::SignalStack stack_{};  ///< of size 0: none
  std::uint64_t mask_ = 0;
};

}  // namespace merlon::shim::linux
