#pragma once

// Where merlon keeps what outlives a run: $XDG_STATE_HOME/merlon, or ~/.local/state/merlon
// [XDG-BASEDIR].

#include <string>
#include <string_view>

#include "merlon/cli/table.h"

namespace merlon::cli {

/// The path of `name` there; empty where neither variable names an absolute path. Nothing is made.
[[nodiscard]] std::string state_path(const Terminal& terminal, std::string_view name);

}  // namespace merlon::cli
