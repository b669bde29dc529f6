#pragma once

// What merlon-vmm takes from itself: see merlon/host/machine_confinement.h.

#include "merlon/os/call_rules.h"

namespace merlon::host::kvm {

/// Calls that a machine of KVM needs: memory of our own and the machine's, never code, and the
/// device.
[[nodiscard]] os::CallRules machine_calls();
/// And of one that writes itself into a snapshot.
[[nodiscard]] os::CallRules saving_calls();

}  // namespace merlon::host::kvm
