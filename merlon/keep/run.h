#pragma once

// One workload from its launch to its exit status.

#include <cstdint>

#include "merlon/keep/self.h"
#include "merlon/launch/channel.h"

namespace merlon::keep {

/// Compiles and runs the module of `launch`, reports what goes wrong, and gives the exit status
/// of the keep [launch/exit_status.h]. An attested keep's workload finds out about `self` in /keep.
/// The stack ends at `lowest_stack_address`, or 0.
[[nodiscard]] int run(launch::Launch launch, Self& self, std::uintptr_t lowest_stack_address);

}  // namespace merlon::keep
