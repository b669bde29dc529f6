#pragma once

// What the commands that launch keeps have in common: their options, and how a keep's end becomes
// theirs.

#include <optional>
#include <string>

#include "merlon/cli/table.h"
#include "merlon/host/backend.h"
#include "merlon/host/plan.h"
#include "merlon/host/run_keep.h"
#include "merlon/os/process.h"

namespace merlon::cli {

using Refusal = host::RunRefusal;

/// The backend asked for, by option or variable; nothing where none is named.
[[nodiscard]] core::Result<std::optional<host::Backend>, Refusal> choose_backend(
    const Arguments& arguments, const Terminal& terminal);

[[nodiscard]] host::MachineOptions machine_options(host::Backend backend,
                                                   const Arguments& arguments,
                                                   const Terminal& terminal);

/// --env, --dir, --invoke, --timeout, --max-memory, --verbose, and what stands behind "--".
[[nodiscard]] core::Result<host::RunOptions, Refusal> run_options(const Arguments& arguments);

/// The exit status of a keep's process is the command's; one that was killed is told of.
[[nodiscard]] int status_of(const os::ExitStatus& ended, const Terminal& terminal);

}  // namespace merlon::cli
