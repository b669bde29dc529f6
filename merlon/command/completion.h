#pragma once

// Completion scripts for the shells, of a program with commands.

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "merlon/command/command.h"

namespace merlon::command {

inline constexpr std::array<std::string_view, 3> completion_shells{"bash", "zsh", "fish"};

/// The script that `shell` reads; nothing for a shell that is none of completion_shells.
[[nodiscard]] std::optional<std::string> completion(const Program& program, std::string_view shell);

/// The command "completion SHELL" of any program; its exit status.
[[nodiscard]] int print_completion(const Program& program, const Arguments& arguments,
                                   const Terminal& terminal);

}  // namespace merlon::command
