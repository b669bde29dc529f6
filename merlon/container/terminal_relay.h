#pragma once

// The terminal of a container that `run` stays with: made by the runtime, and carried to and from
// the caller's own streams.

#include <optional>

#include "merlon/os/process.h"
#include "merlon/os/terminal.h"

namespace merlon::container {

/// A process that carries until nobody has the terminal's line any more, with the caller's
/// terminal, if it is one, in raw mode. The caller's settings are for the caller to restore.
[[nodiscard]] os::Result<os::ChildProcess> start_terminal_relay(os::Fd keyboard);

}  // namespace merlon::container
