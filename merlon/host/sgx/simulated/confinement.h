#pragma once

// The same as merlon/host/sgx/confinement.h has, where this process simulates the processor.

#include "merlon/os/call_rules.h"

namespace merlon::host::sgx::simulated {

/// Those of any enclave, and the handlers of its signals.
[[nodiscard]] os::CallRules machine_calls();

}  // namespace merlon::host::sgx::simulated
