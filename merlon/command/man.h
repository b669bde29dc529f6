#pragma once

// The man page of a program with commands, in the roff of man(7).

#include <string>

#include "merlon/command/command.h"

namespace merlon::command {

[[nodiscard]] std::string man_page(const Program& program);

/// The command "man" of any program; its exit status.
[[nodiscard]] int print_man(const Program& program, const Terminal& terminal);

}  // namespace merlon::command
