#pragma once

// One workload from its launch to its exit status.

#include "merlon/launch/channel.h"

namespace merlon::keep {

/// Compiles and runs the module of `launch`, reports what goes wrong, and gives the exit status
/// of the keep [launch/exit_status.h].
[[nodiscard]] int run(launch::Launch launch);

}  // namespace merlon::keep
