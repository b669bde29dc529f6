#pragma once

// This process's standard streams as those of a workload in a keep, by a private talk.

#include <string>

#include "merlon/cli/table.h"
#include "merlon/cli_deploy/talk.h"
#include "merlon/os/fd.h"

namespace merlon::cli_deploy {

/// When to stop.
enum class Until : std::uint8_t {
  Ended,  ///< the workload has
  Taken,  ///< the keep has taken the delivery; it hears that there will be no input
};

/// Carries the talk over a socket to a keep's host until the other end closes it, or the workload
/// has ended. The error says what is wrong with what came.
[[nodiscard]] core::Result<void, std::string> carry(Talk& talk, os::BorrowedFd socket,
                                                    const cli::Terminal& terminal,
                                                    Until until = Until::Ended);

}  // namespace merlon::cli_deploy
