#pragma once

// Which of the worlds of sallyport/boot.h this host's KVM can give to a shim.

#include "merlon/host/kvm/device.h"
#include "merlon/host/kvm/memory.h"
#include "merlon/sallyport/boot.h"

namespace merlon::host::kvm {

/// Control registers and segments of a processor in 64-bit mode at `ring` 0 or 3, with the page
/// table at physical address `page_table`.
[[nodiscard]] ::kvm_sregs long_mode(::kvm_sregs from, unsigned ring, std::uint64_t page_table);

/// Runs three instructions at ring 3 and looks at where `syscall` leads: to ring 0, or, on hosts
/// that emulate ring 0 (PVM), to ring 3. Uses memory from image::table_end
/// on, where nothing lies.
///
/// Errors: those of KVM · Io (the processor did something else).
[[nodiscard]] os::Result<sallyport::World> probe_world(const Processor& processor,
                                                       const MachineMemory& memory);

}  // namespace merlon::host::kvm
