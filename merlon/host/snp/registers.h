#pragma once

// A processor's first registers, by KVM's structures. KVM makes the VMSA from them when the launch
// is finished, and adds what its user cannot leave out; what comes out, and is measured, must be
// the Vmsa that went in. Pure.

#include <linux/kvm.h>

#include "merlon/core/result.h"
#include "merlon/image/vmsa.h"

namespace merlon::host::snp {

struct Registers {
  ::kvm_sregs special{};
  ::kvm_regs general{};
};

/// What to set so that KVM makes `wanted`. `before` is what KVM has for the processor: its local
/// APIC's registers stay. Unsupported: a Vmsa that these two structures cannot make, since what
/// KVM gives by itself is another [LINUX-SNP arch/x86/kvm/svm/sev.c, sev_es_sync_vmsa].
[[nodiscard]] core::Result<Registers> registers_for(const image::Vmsa& wanted,
                                                    const ::kvm_sregs& before) noexcept;

}  // namespace merlon::host::snp
