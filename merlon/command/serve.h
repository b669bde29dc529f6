#pragma once

// What a program with commands does before and after the command itself.

#include <span>

#include "merlon/command/command.h"

namespace merlon::command {

/// Reads the command line by the table and gives it to its handler; answers questions for help and
/// the version, and wrong command lines, itself. For main, whose result it makes.
/// A command of the table without a handler is told to be another program's.
[[nodiscard]] int serve(int argc, char** argv, const Program& program,
                        std::span<const Handler> handlers);

}  // namespace merlon::command
