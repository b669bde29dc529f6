#pragma once

// Private to the room: the end of a child that is given only so long.

#include "merlon/os/process.h"

namespace merlon::os {

/// How it ended, also if that must be brought about by SIGKILL at `deadline`, of the clock
/// Monotonic: then Timedout.
[[nodiscard]] Result<ExitStatus> end_by(const ChildProcess& child, std::uint64_t deadline);

}  // namespace merlon::os
