#pragma once

// What merlon-vmm-sgx takes from itself where it simulates a processor: see
// merlon/host/machine_confinement.h. Nothing else holds a keep back there: an enclave may leave for
// any place of its process.

#include "merlon/os/call_rules.h"

namespace merlon::host::sgx::simulated {

/// Calls that a simulated enclave needs: memory of our own, never code; the enclave's addresses
/// with any rights; and the handlers of its signals.
[[nodiscard]] os::CallRules machine_calls();

}  // namespace merlon::host::sgx::simulated
