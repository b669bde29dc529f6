#pragma once

// FS of the thread that enters a simulated enclave, on kernels that do not let programs set it
// themselves (Linux before 5.9, `nofsgsbase`, some virtual machines; AT_HWCAP2 says so). There
// WRFSBASE may work all the same, and the kernel puts back what it knew at its next task switch. So
// the two instructions of the shim raise an exception there, and the kernel is asked for each
// change, as enter.S does it.

#include <cstdint>
#include <map>

#include <ucontext.h>

#include "merlon/core/bytes.h"
#include "merlon/os/errno.h"

namespace merlon::host::sgx::simulated {

/// Whether what WRFSBASE sets stays, as this process' kernel tells.
[[nodiscard]] bool kernel_follows_thread_pointer() noexcept;

/// WRFSBASE and RDFSBASE in an enclave's code [SDM vol. 2].
class ThreadPointerPlaces {
 public:
  /// Notes those in `code`, which will lie at `address`.
  void look_for(std::uint64_t address, core::ByteView code);

  /// Puts an instruction that raises an exception in their places, in pages that are there.
  [[nodiscard]] os::Result<void> hide_all();

  /// Whether the exception at `registers`' place was one of them. Then it has been carried out, on
  /// `thread_pointer`.
  [[nodiscard]] bool carry_out(::mcontext_t& registers, std::uint64_t& thread_pointer) const;

 private:
  struct Instruction {
    bool writes = false;
    int operand = 0;  ///< its index in gregs
  };
  std::map<std::uint64_t, Instruction> places_;
};

}  // namespace merlon::host::sgx::simulated
