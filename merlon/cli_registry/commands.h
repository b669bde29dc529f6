#pragma once

// The commands of merlon-registry, each group in a file of its name.

#include <span>

#include "merlon/cli/table.h"

namespace merlon::cli_registry {

[[nodiscard]] std::span<const cli::Handler> handlers() noexcept;

int user_login(const cli::Arguments& arguments, const cli::Terminal& terminal);
int user_logout(const cli::Arguments& arguments, const cli::Terminal& terminal);
int user_register(const cli::Arguments& arguments, const cli::Terminal& terminal);
int user_info(const cli::Arguments& arguments, const cli::Terminal& terminal);
int repo_register(const cli::Arguments& arguments, const cli::Terminal& terminal);
int repo_info(const cli::Arguments& arguments, const cli::Terminal& terminal);
int repo_admission(const cli::Arguments& arguments, const cli::Terminal& terminal);
int repo_list(const cli::Arguments& arguments, const cli::Terminal& terminal);
int repo_search(const cli::Arguments& arguments, const cli::Terminal& terminal);
int repo_yank(const cli::Arguments& arguments, const cli::Terminal& terminal);
int repo_token_create(const cli::Arguments& arguments, const cli::Terminal& terminal);
int repo_token_list(const cli::Arguments& arguments, const cli::Terminal& terminal);
int repo_token_revoke(const cli::Arguments& arguments, const cli::Terminal& terminal);
int package_check(const cli::Arguments& arguments, const cli::Terminal& terminal);
int package_publish(const cli::Arguments& arguments, const cli::Terminal& terminal);
int package_fetch(const cli::Arguments& arguments, const cli::Terminal& terminal);
int package_info(const cli::Arguments& arguments, const cli::Terminal& terminal);
int package_yank(const cli::Arguments& arguments, const cli::Terminal& terminal);
int tree_digest(const cli::Arguments& arguments, const cli::Terminal& terminal);
int tree_info(const cli::Arguments& arguments, const cli::Terminal& terminal);
int tree_fetch(const cli::Arguments& arguments, const cli::Terminal& terminal);
int tree_diff(const cli::Arguments& arguments, const cli::Terminal& terminal);

}  // namespace merlon::cli_registry
