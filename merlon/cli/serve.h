#pragma once

// What a program that serves commands of merlon does before and after the command itself.

#include <span>

#include "merlon/cli/command.h"

namespace merlon::cli {

/// Reads the command line by the table and gives it to its handler; answers questions for help and
/// the version, and wrong command lines, itself. For main, whose result it makes.
[[nodiscard]] int serve(int argc, char** argv, std::span<const Handler> handlers);

}  // namespace merlon::cli
