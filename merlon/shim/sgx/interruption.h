#pragma once

// What interrupted the enclave's thread, and what becomes of it. First, on the processor's second
// frame (CSSA 1): was it the keep's own doing? Then, on the first, as the thread itself: a system
// call, CPUID, a page that is to come, or a signal for the keep.

#include "merlon/shim/linux/registers.h"
#include "merlon/shim/sgx/pages.h"

namespace merlon::shim::sgx {

/// The keep's, while the shim serves what it did.
extern "C" linux::Registers sgx_registers;

[[nodiscard]] Pages& pages() noexcept;

}  // namespace merlon::shim::sgx
