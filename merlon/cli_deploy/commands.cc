#include "merlon/cli_deploy/commands.h"

#include <array>

namespace merlon::cli_deploy {

namespace {

constexpr std::array all_handlers{cli::Handler{"deploy", &deploy}};

}  // namespace

std::span<const cli::Handler> handlers() noexcept { return all_handlers; }

}  // namespace merlon::cli_deploy
