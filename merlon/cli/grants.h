#pragma once

#include <string_view>

#include "merlon/core/result.h"
#include "merlon/host/plan.h"

namespace merlon::cli {

/// Reads HOST[::GUEST][:ro]. Without GUEST the program finds the directory under HOST.
/// Errors: Malformed (a part is empty).
[[nodiscard]] core::Result<host::DirectoryGrant> parse_directory_grant(std::string_view text);

}  // namespace merlon::cli
