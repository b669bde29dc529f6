#pragma once

// From argv to one command with its arguments.
//
// An option is --name VALUE or --name=VALUE, before or behind the other words; -h and --help ask
// for help wherever they stand.

#include <span>
#include <string>
#include <vector>

#include "merlon/command/command.h"
#include "merlon/core/result.h"

namespace merlon::command {

/// What the command line asks for.
struct Request {
  enum class Kind : std::uint8_t { Run, Help, Version };
  Kind kind = Kind::Help;
  const CommandSpec* command = nullptr;  ///< null for help on a group, or on everything
  Arguments arguments;
  std::string group{};  ///< "evidence policy", where help is asked for on that
};

/// A command line that asks for nothing we have; one line, and the command it is about, if any.
struct UsageError {
  std::string text;
  const CommandSpec* command = nullptr;
};

/// `words` without the program's name. What stands behind the first "--" is the command's rest.
[[nodiscard]] core::Result<Request, UsageError> parse(const std::vector<std::string>& words,
                                                      std::span<const CommandSpec> commands);

}  // namespace merlon::command
