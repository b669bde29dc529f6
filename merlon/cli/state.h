#pragma once

// Where Merlon keeps what is of this user and of no project.

#include <string>
#include <string_view>

#include "merlon/command/command.h"
#include "merlon/host/backend.h"

namespace merlon::cli {

/// $XDG_STATE_HOME/merlon/NAME, or under ~/.local/state; empty if the environment names neither. A
/// variable that is no absolute path counts as not set [XDG-BASEDIR].
[[nodiscard]] std::string state_path(const command::Terminal& terminal, std::string_view name);

/// The directory of the simulated machine that is meant where none is named.
[[nodiscard]] std::string simulator_path(const command::Terminal& terminal);
/// The same of one with SGX.
[[nodiscard]] std::string sgx_simulator_path(const command::Terminal& terminal);
/// That of a backend; of those that need none any.
[[nodiscard]] std::string simulator_path_of(host::Backend backend,
                                            const command::Terminal& terminal);

}  // namespace merlon::cli
