#pragma once

// The commands of merlon-credential, each in a file of its name.

#include <span>

#include "merlon/cli/table.h"

namespace merlon::cli_credential {

[[nodiscard]] std::span<const cli::Handler> handlers() noexcept;

int verify(const cli::Arguments& arguments, const cli::Terminal& terminal);
int serve(const cli::Arguments& arguments, const cli::Terminal& terminal);
int keys(const cli::Arguments& arguments, const cli::Terminal& terminal);
int statement_verify(const cli::Arguments& arguments, const cli::Terminal& terminal);
int statement_commit(const cli::Arguments& arguments, const cli::Terminal& terminal);
int statement_prove(const cli::Arguments& arguments, const cli::Terminal& terminal);

}  // namespace merlon::cli_credential
