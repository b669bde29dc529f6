#pragma once

// Why a host cannot do what a launch wants.

#include <string>

#include "merlon/core/result.h"

namespace merlon::host {

/// Why a launch cannot be made ready or carried out; one line.
struct HostError {
  core::ErrorCode code = core::ErrorCode::Internal;
  std::string text;
};

}  // namespace merlon::host
