#pragma once

// What a program with commands does before and after the command itself.

#include <span>
#include <string>
#include <vector>

#include "merlon/command/command.h"

namespace merlon::command {

/// What a program's own spellings of options are in the words of its table.
using Respelling = std::vector<std::string> (*)(const std::vector<std::string>& words);

/// Reads the command line by the table and gives it to its handler; answers questions for help and
/// the version, wrong command lines, and the commands of own_commands.h, itself. For main, whose
/// result it makes. A command of the table without a handler is told to be another program's.
/// `respelling` may be null.
[[nodiscard]] int serve(int argc, char** argv, const Program& program,
                        std::span<const Handler> handlers, Respelling respelling = nullptr);

/// The same for a service: "@FILE" stands for arguments in a file of TOML (argument_files.h), and
/// where no command is named it serves. `respelling` may be null.
[[nodiscard]] int serve_service(int argc, char** argv, const Program& program,
                                std::span<const Handler> handlers, Respelling respelling = nullptr);

}  // namespace merlon::command
