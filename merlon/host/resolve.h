#pragma once

// The machine's name service. Reads whatever the machine's configuration names, so the program in a
// keep must not call it.

#include <string>
#include <string_view>
#include <vector>

#include "merlon/core/result.h"

namespace merlon::host {

/// The numeric addresses of `host`, in the order in which they should be tried; at least one.
/// A numeric address is its own answer. The error is a sentence in static storage.
[[nodiscard]] core::Result<std::vector<std::string>, std::string_view> resolve_host(
    const std::string& host);

}  // namespace merlon::host
