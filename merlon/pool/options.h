#pragma once

// The command line of merlon-pool.

#include <string>
#include <vector>

#include "merlon/command/command.h"
#include "merlon/pool/service.h"

namespace merlon::pool {

struct Options {
  std::string socket;
  PoolSettings settings;
  std::vector<std::string> prepare;  ///< wasm files or package directories
  bool network = false;              ///< of these
  bool directories = false;          ///< likewise
};

[[nodiscard]] const command::Program& program() noexcept;

/// The error is one line for the user.
[[nodiscard]] core::Result<Options, std::string> options_of(const command::Arguments& arguments,
                                                            const command::Terminal& terminal);

}  // namespace merlon::pool
