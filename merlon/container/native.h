#pragma once

// Containers that hold no WebAssembly: the native runtime gets the command line as it was given.

#include <string>
#include <string_view>
#include <vector>

#include "merlon/container/refusal.h"

namespace merlon::container {

/// The command line without what only we know.
[[nodiscard]] std::vector<std::string> native_words(const std::string& program,
                                                    const std::vector<std::string>& words);

/// Comes back only if it cannot be. A program without "/" is looked for in `search`, folders
/// between colons.
[[nodiscard]] Refusal become_native(const std::string& program,
                                    const std::vector<std::string>& words, std::string_view search);

}  // namespace merlon::container
