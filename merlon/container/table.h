#pragma once

// The command line of merlon-oci: the words that engines know from other runtimes
// [OCI-RUNTIME 1.1 runtime.md], as one table.

#include <optional>
#include <string>
#include <vector>

#include "merlon/command/command.h"

namespace merlon::container {

[[nodiscard]] const command::Program& program() noexcept;

/// As engines spell it: options of the runtime stand before the command's name, and some are one
/// letter. Nothing before the command's name ever reaches a workload.
[[nodiscard]] std::vector<std::string> respelled(const std::vector<std::string>& words);

/// A signal's number by what engines call it: "9", "KILL", "SIGKILL", "RTMIN+3"; nothing otherwise.
[[nodiscard]] std::optional<int> signal_named(std::string_view text);

}  // namespace merlon::container
