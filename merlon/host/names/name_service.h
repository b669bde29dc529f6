#pragma once

// The machine's name service. It loads whatever the machine's configuration names, so that only a
// program of its own calls it (main.cc), which can be a dynamic one.

#include <string>
#include <string_view>
#include <vector>

#include "merlon/core/result.h"

namespace merlon::host::names {

/// The numeric addresses of `host`, in the order in which they should be tried; at least one.
/// The error is a sentence in static storage.
[[nodiscard]] core::Result<std::vector<std::string>, std::string_view> addresses_of(
    const std::string& host);

}  // namespace merlon::host::names
