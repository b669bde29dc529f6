#include "merlon/cli_credential/commands.h"

#include <array>

namespace merlon::cli_credential {

namespace {

constexpr auto all_handlers = std::array{
    cli::Handler{"credential verify", &verify},
    cli::Handler{"credential serve", &serve},
    cli::Handler{"credential keys", &keys},
    cli::Handler{"statement verify", &statement_verify},
    cli::Handler{"statement commit", &statement_commit},
    cli::Handler{"statement prove", &statement_prove},
};

}  // namespace

std::span<const cli::Handler> handlers() noexcept { return all_handlers; }

}  // namespace merlon::cli_credential
