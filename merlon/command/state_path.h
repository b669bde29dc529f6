#pragma once

// Where programs keep what is of this user and of no project.

#include <string>
#include <string_view>

#include "merlon/command/command.h"

namespace merlon::command {

/// $XDG_STATE_HOME/merlon/NAME, or under ~/.local/state; empty if the environment names neither. A
/// variable that is no absolute path counts as not set [XDG-BASEDIR].
[[nodiscard]] std::string state_path(const Terminal& terminal, std::string_view name);

}  // namespace merlon::command
