#pragma once

// Where the simulated machines of this user are.

#include <string>

#include "merlon/command/command.h"
#include "merlon/host/backend.h"

namespace merlon::cli {

/// The directory of the simulated machine that is meant where none is named.
[[nodiscard]] std::string simulator_path(const command::Terminal& terminal);
/// The same of one with SGX.
[[nodiscard]] std::string sgx_simulator_path(const command::Terminal& terminal);
/// That of a backend; of those that need none any.
[[nodiscard]] std::string simulator_path_of(host::Backend backend,
                                            const command::Terminal& terminal);

}  // namespace merlon::cli
