#pragma once

// A new keep that waits for a delivery: here, or at a gatehouse.

#include <chrono>

#include "merlon/cli_deploy/gatehouse_client.h"
#include "merlon/cli_evidence/files.h"
#include "merlon/host/keep.h"

namespace merlon::cli_deploy {

inline constexpr std::chrono::seconds start_limit{60};

[[nodiscard]] cli_evidence::Failure of_host(const host::HostError& error);

/// A keep on this machine that has the offer. Refused: nothing would attest it, and
/// --insecure-backend was not given.
[[nodiscard]] cli_evidence::Result<host::Keep> start_here(const cli::Arguments& arguments,
                                                          const cli::Terminal& terminal,
                                                          const os::SignalRelay& relay,
                                                          const host::Offer& offer);

/// The backend to ask a gatehouse for.
[[nodiscard]] cli_evidence::Result<host::Backend> wanted_backend(const cli::Arguments& arguments,
                                                                 const cli::Terminal& terminal);

/// The keep's last word comes before its process has ended, and until then it is not forgotten.
void forget_soon(const GatehouseClient& client, const std::string& id);

}  // namespace merlon::cli_deploy
