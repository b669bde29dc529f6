#pragma once

// Help texts, made from the command table.

#include <span>
#include <string>

#include "merlon/cli/command.h"

namespace merlon::cli {

/// `merlon run [OPTION]… FILE|DIR [-- ARGUMENT…]`
[[nodiscard]] std::string synopsis(const CommandSpec& command);

/// Help on one command.
[[nodiscard]] std::string help(const CommandSpec& command);

/// The list of commands; with a group ("evidence") only of those.
[[nodiscard]] std::string help(std::span<const CommandSpec> commands, std::string_view group = {});

}  // namespace merlon::cli
