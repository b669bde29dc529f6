#pragma once

// Help texts, made from the command table.

#include <string>

#include "merlon/command/command.h"

namespace merlon::command {

/// `merlon run [OPTION]… FILE|DIR [-- ARGUMENT…]`
[[nodiscard]] std::string synopsis(const Program& program, const CommandSpec& command);

/// Help on one command.
[[nodiscard]] std::string help(const Program& program, const CommandSpec& command);

/// The list of commands; with a group ("evidence") only of those.
[[nodiscard]] std::string help(const Program& program, std::string_view group = {});

}  // namespace merlon::command
