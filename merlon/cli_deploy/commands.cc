#include "merlon/cli_deploy/commands.h"

#include <array>

namespace merlon::cli_deploy {

namespace {

constexpr auto all_handlers = std::array{
    cli::Handler{"deploy", &deploy},
    cli::Handler{"keeps list", &keeps_list},
    cli::Handler{"keeps attach", &keeps_attach},
    cli::Handler{"keeps logs", &keeps_logs},
    cli::Handler{"keeps evidence", &keeps_evidence},
    cli::Handler{"keeps stop", &keeps_stop},
    cli::Handler{"keeps forget", &keeps_forget},
    cli::Handler{"release deposit", &release_deposit},
    cli::Handler{"release list", &release_list},
    cli::Handler{"release show", &release_show},
    cli::Handler{"release remove", &release_remove},
    cli::Handler{"release run", &release_run},
    cli::Handler{"volumes list", &volumes_list},
    cli::Handler{"volumes remove", &volumes_remove},
};

}  // namespace

std::span<const cli::Handler> handlers() noexcept { return all_handlers; }

int ended(const cli_evidence::Result<int>& status, const cli::Terminal& terminal) {
  if (status) return *status;
  return cli::fail(terminal, status.error().text, cli_evidence::number(status.error().status));
}

}  // namespace merlon::cli_deploy
