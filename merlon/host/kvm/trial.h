#pragma once

// Tries what this host's KVM can do before a keep depends on it: which of the worlds of
// sallyport/boot.h it can give to a shim, and whether its processor runs compiled code.

#include <string>

#include "merlon/host/kvm/device.h"
#include "merlon/host/kvm/memory.h"
#include "merlon/sallyport/boot.h"

namespace merlon::host::kvm {

/// Control registers and segments of a processor in 64-bit mode at `ring` 0 or 3, with the page
/// table at physical address `page_table`; `has_xsave`: it has XSAVE, and XCR0 counts.
[[nodiscard]] ::kvm_sregs long_mode(::kvm_sregs from, unsigned ring, std::uint64_t page_table,
                                    bool has_xsave);

struct Trial {
  sallyport::World world = sallyport::World::Ring0;
  /// What the processor says that it lacks, as base::lacking_instructions; empty: nothing.
  std::string lacking;
  /// It ran an instruction of each set and came to the right sum.
  bool runs_compiled_code = false;
  /// Ticks of the processor's counter that the first use of a page took.
  std::uint32_t fault_ticks = 0;
};

/// Runs some instructions at ring 3 and looks at where `syscall` leads (to ring 0, or, on hosts
/// that emulate ring 0 (PVM), to ring 3), at what CPUID answers, and at what AVX2 and its like do.
/// Uses memory from image::table_end on, where nothing lies.
///
/// Errors: those of KVM · Io (it did not even get to where `syscall` leads).
[[nodiscard]] os::Result<Trial> try_machine(const Processor& processor,
                                            const MachineMemory& memory);

}  // namespace merlon::host::kvm
