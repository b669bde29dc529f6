#include "merlon/cli_registry/commands.h"

#include <array>

namespace merlon::cli_registry {

namespace {

using cli::Handler;

constexpr auto all_handlers = std::array{
    Handler{"user login", &user_login},
    Handler{"user logout", &user_logout},
    Handler{"user register", &user_register},
    Handler{"user info", &user_info},
    Handler{"repo register", &repo_register},
    Handler{"repo info", &repo_info},
    Handler{"repo admission", &repo_admission},
    Handler{"repo list", &repo_list},
    Handler{"repo search", &repo_search},
    Handler{"repo yank", &repo_yank},
    Handler{"repo token create", &repo_token_create},
    Handler{"repo token list", &repo_token_list},
    Handler{"repo token revoke", &repo_token_revoke},
    Handler{"repo token generate", &repo_token_create},
    Handler{"repo token info", &repo_token_list},
    Handler{"package check", &package_check},
    Handler{"package publish", &package_publish},
    Handler{"package fetch", &package_fetch},
    Handler{"package info", &package_info},
    Handler{"package yank", &package_yank},
    Handler{"tree digest", &tree_digest},
    Handler{"tree info", &tree_info},
    Handler{"tree fetch", &tree_fetch},
    Handler{"tree diff", &tree_diff},
};

}  // namespace

std::span<const Handler> handlers() noexcept { return all_handlers; }

}  // namespace merlon::cli_registry
