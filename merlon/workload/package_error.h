#pragma once

// Why a package cannot be used.

#include <string>

#include "merlon/core/error.h"

namespace merlon::workload {

struct PackageError {
  core::ErrorCode code = core::ErrorCode::Internal;
  std::string text;  ///< one line that names the file
};

}  // namespace merlon::workload
