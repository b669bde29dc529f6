#pragma once

// --keep-fetches: the delivery says where the package is and what its digests are, and the keep
// gets it by itself. Its bytes go by the keep's own way to the registry, not by this machine.

#include <vector>

#include "merlon/cli_deploy/package_url.h"
#include "merlon/delivery/workload.h"
#include "merlon/host/wish.h"

namespace merlon::cli_deploy {

/// Makes of a workload that was read here, out of a package of `origin`, one whose keep gets module
/// and files there; and the way there one of `wishes`. Whom to believe that he is the registry, and
/// the key of a sealed package, are those of the command line and
/// its variables.
[[nodiscard]] cli_evidence::Result<void> let_keep_fetch(const cli::Arguments& arguments,
                                                        const cli::Terminal& terminal,
                                                        const RegistryOrigin& origin,
                                                        delivery::Workload& workload,
                                                        std::vector<host::Wish>& wishes);

}  // namespace merlon::cli_deploy
