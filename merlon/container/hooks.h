#pragma once

// Hooks of a bundle [OCI-RUNTIME 1.1 config.md §posix-platform-hooks]: programs of this machine
// that its administrator or engine names. They read the container's state.

#include <string_view>
#include <vector>

#include "merlon/container/config.h"

namespace merlon::container {

/// One after the other; the first that fails, or takes longer than its timeout (a minute where it
/// has none), is a refusal and the rest is left.
[[nodiscard]] Checked<void> run_hooks(const std::vector<Hook>& hooks, std::string_view kind,
                                      std::string_view state);

/// All of them, whatever each does; lines of what went wrong.
[[nodiscard]] std::vector<std::string> run_all_hooks(const std::vector<Hook>& hooks,
                                                     std::string_view kind, std::string_view state);

}  // namespace merlon::container
