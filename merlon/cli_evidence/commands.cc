#include "merlon/cli_evidence/commands.h"

#include <array>

namespace merlon::cli_evidence {

namespace {

using cli::Handler;

constexpr std::array all_handlers{
    Handler{"evidence inspect", &evidence_inspect},
    Handler{"evidence verify", &evidence_verify},
    Handler{"evidence fetch", &evidence_fetch},
    Handler{"evidence policy init", &evidence_policy_init},
    Handler{"evidence policy check", &evidence_policy_check},
    Handler{"keep measure", &keep_measure},
    Handler{"keep evidence", &keep_evidence},
    Handler{"platform simulate init", &platform_simulate_init},
    Handler{"platform simulate show", &platform_simulate_show},
    Handler{"platform simulate revoke", &platform_simulate_revoke},
};

}  // namespace

std::span<const cli::Handler> handlers() noexcept { return all_handlers; }

}  // namespace merlon::cli_evidence
