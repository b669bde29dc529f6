#pragma once

// The system calls that a keep may make: the one list of them. What a workload was not given, it
// has no call for.

#include <vector>

#include <sys/types.h>

#include "merlon/os/call_filter.h"

namespace merlon::keep {

/// What was given to a workload, as far as calls depend on it.
struct Needs {
  bool sockets = false;
  bool directories = false;
  bool writable_directories = false;
  bool timer = false;
  bool tls = false;         ///< or a Steward is asked, which is done by TLS
  bool dials = false;       ///< connections are handed over while the workload runs
  bool made_ahead = false;  ///< the launch comes when all else is given up
  ::pid_t process = 0;      ///< our own number: the only process that may be signalled
};

/// The rules for a keep with these needs; each call at most once.
[[nodiscard]] std::vector<os::CallRule> allowed_calls(const Needs& needs);

}  // namespace merlon::keep
