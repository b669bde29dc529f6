#pragma once

// The private talk with a workload at a gatehouse.

#include "merlon/cli_deploy/gatehouse_client.h"
#include "merlon/cli_deploy/talk.h"

namespace merlon::cli_deploy {

/// Whether to say something to the keep as well, or to hear only.
enum class Part : std::uint8_t { HearOnly, HearWhatThereIs, Both };

/// Carries the talk from its beginning until the workload has ended, or nobody says anything more;
/// with HearWhatThereIs it does not wait for more. A gatehouse that cannot be reached is asked
/// again for as long as `patience`.
[[nodiscard]] cli_evidence::Result<void> carry(Talk& talk, const GatehouseClient& gatehouse,
                                               const std::string& id, const cli::Terminal& terminal,
                                               Part part, std::chrono::seconds patience = {});

}  // namespace merlon::cli_deploy
