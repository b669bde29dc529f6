#pragma once

// One workload from its launch to its exit status.

#include <cstdint>

#include "merlon/keep/self.h"
#include "merlon/keep/work.h"

namespace merlon::keep {

/// Compiles and runs the module, says what goes wrong, and gives the exit status of the keep
/// [launch/exit_status.h], which its tenant is told as well. An attested keep's workload finds out
/// about `self` in /keep. The stack ends at `lowest_stack_address`, or 0.
[[nodiscard]] int run(Work work, Self& self, std::uintptr_t lowest_stack_address);

}  // namespace merlon::keep
