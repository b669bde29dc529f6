#pragma once

// Names of hosts. The machine's name service is another program's (names/), which a static one can
// ask and cannot contain.

#include <string>
#include <vector>

#include "merlon/core/result.h"

namespace merlon::host {

/// The numeric addresses of `host`, in the order in which they should be tried; at least one.
/// A numeric address is its own answer; for other names merlon-resolve is started. The error is a
/// sentence.
[[nodiscard]] core::Result<std::vector<std::string>, std::string> resolve_host(
    const std::string& host);

}  // namespace merlon::host
