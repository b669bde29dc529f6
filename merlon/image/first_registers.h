#pragma once

// What the processor of an attested keep starts with. It is measured as a page of its own, so it
// depends on the image alone: what else a processor can do (extended states, SMEP) the shim
// switches on by itself. Pure.

#include "merlon/image/vmsa.h"

namespace merlon::image {

/// Ring 0 in 64-bit mode, interrupts off, rdi at the boot page, as `_start` of a shim wants it. The
/// state that KVM adds to what its user has set is in it: EFER.SVME, CR4.MCE, and the registers as
/// after a reset for which KVM has no other value [LINUX 6.11 arch/x86/kvm/svm/sev.c,
/// sev_es_sync_vmsa].
[[nodiscard]] Vmsa first_registers(std::uint64_t entry, std::uint64_t page_table) noexcept;

}  // namespace merlon::image
