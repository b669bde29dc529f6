#pragma once

// What merlon-vmm-sgx takes from itself: see merlon/host/machine_confinement.h. An enclave may
// leave for any place of its process, so nothing else holds a keep back from its host.

#include "merlon/os/call_rules.h"

namespace merlon::host::sgx {

/// Calls that an enclave needs: memory of our own, never code; the enclave's addresses with any
/// rights that its driver allows; and the driver's requests about pages.
[[nodiscard]] os::CallRules machine_calls();

}  // namespace merlon::host::sgx
