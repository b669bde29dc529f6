#pragma once

// merlon-fetch as a child of a command.

#include <span>
#include <string>

#include "merlon/cli/table.h"

namespace merlon::cli_evidence {

/// Runs it with these words, the first of which is its name; gives the command's exit status.
[[nodiscard]] int run_fetch(std::span<const std::string> words, const cli::Terminal& terminal);

}  // namespace merlon::cli_evidence
