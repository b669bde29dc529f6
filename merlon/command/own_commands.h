#pragma once

// The two commands that a program has about its own command line. serve() answers them for every
// program whose table has them.

#include <array>

#include "merlon/command/command.h"
#include "merlon/command/completion.h"

namespace merlon::command {

inline constexpr auto completion_positionals =
    std::array{PositionalSpec{"SHELL", "bash, zsh or fish.", true, completion_shells}};
inline constexpr CommandSpec completion_command{
    "completion", "Print a completion script for a shell",
    "For bash, zsh or fish; the shell's manual says where to put it.", completion_positionals};
inline constexpr CommandSpec man_command{"man", "Print the manual page",
                                         "In roff; man -l - shows it."};

}  // namespace merlon::command
