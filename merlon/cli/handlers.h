#pragma once

// Who does what: merlon's commands, each in a file of its name.

#include <span>

#include "merlon/cli/table.h"

namespace merlon::cli {

/// One for each command of the table.
[[nodiscard]] std::span<const Handler> handlers() noexcept;

int run(const Arguments& arguments, const Terminal& terminal);
int inspect(const Arguments& arguments, const Terminal& terminal);
int platform_info(const Arguments& arguments, const Terminal& terminal);
int config_init(const Arguments& arguments, const Terminal& terminal);

/// What merlon-evidence does: merlon becomes that program.
int in_merlon_evidence(const Arguments& arguments, const Terminal& terminal);
/// Likewise.
int in_merlon_deploy(const Arguments& arguments, const Terminal& terminal);
/// Likewise.
int in_merlon_credential(const Arguments& arguments, const Terminal& terminal);
int in_merlon_registry(const Arguments& arguments, const Terminal& terminal);

}  // namespace merlon::cli
