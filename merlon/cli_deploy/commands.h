#pragma once

// The commands of merlon-deploy, each in a file of its name.

#include <span>

#include "merlon/cli/table.h"
#include "merlon/cli_evidence/files.h"

namespace merlon::cli_deploy {

[[nodiscard]] std::span<const cli::Handler> handlers() noexcept;

/// Prints a failure's line; a command's exit status either way.
[[nodiscard]] int ended(const cli_evidence::Result<int>& status, const cli::Terminal& terminal);

int deploy(const cli::Arguments& arguments, const cli::Terminal& terminal);
int keeps_evidence(const cli::Arguments& arguments, const cli::Terminal& terminal);
int keeps_attach(const cli::Arguments& arguments, const cli::Terminal& terminal);
int keeps_forget(const cli::Arguments& arguments, const cli::Terminal& terminal);
int keeps_list(const cli::Arguments& arguments, const cli::Terminal& terminal);
int keeps_logs(const cli::Arguments& arguments, const cli::Terminal& terminal);
int keeps_stop(const cli::Arguments& arguments, const cli::Terminal& terminal);
int release_deposit(const cli::Arguments& arguments, const cli::Terminal& terminal);
int release_list(const cli::Arguments& arguments, const cli::Terminal& terminal);
int release_remove(const cli::Arguments& arguments, const cli::Terminal& terminal);
int release_run(const cli::Arguments& arguments, const cli::Terminal& terminal);
int release_show(const cli::Arguments& arguments, const cli::Terminal& terminal);
int volumes_list(const cli::Arguments& arguments, const cli::Terminal& terminal);
int volumes_remove(const cli::Arguments& arguments, const cli::Terminal& terminal);

}  // namespace merlon::cli_deploy
