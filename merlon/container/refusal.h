#pragma once

// Why merlon-oci does not do what it was told; one line, and its exit status.

#include <string>

#include "merlon/core/result.h"

namespace merlon::container {

/// Engines tell users 126 and 127 as shells do.
enum class Status : int {
  Failed = 1,
  Usage = 2,
  NotExecutable = 126,  ///< what the container is to run is no WebAssembly
  NotFound = 127,       ///< or is not there
};

struct Refusal {
  std::string text;
  Status status = Status::Failed;
};

template <typename T>
using Checked = core::Result<T, Refusal>;

}  // namespace merlon::container
