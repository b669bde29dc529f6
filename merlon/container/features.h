#pragma once

// What this runtime can do, as JSON [OCI-RUNTIME 1.1 features.md].

#include <string>

namespace merlon::container {

[[nodiscard]] std::string features();

}  // namespace merlon::container
