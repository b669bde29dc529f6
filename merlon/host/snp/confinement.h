#pragma once

// What merlon-vmm-snp may still ask its kernel for once its keep runs, beside what it serves it
// with.

#include "merlon/os/call_rules.h"

namespace merlon::host::snp {

/// More memory for the keep, and its processor.
[[nodiscard]] os::CallRules machine_calls();

}  // namespace merlon::host::snp
