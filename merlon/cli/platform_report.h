#pragma once

// What `merlon platform info` found out, and its two forms.

#include <string>
#include <vector>

#include "merlon/host/probe/platform.h"

namespace merlon::cli {

/// A backend is ready if the machine has what it needs, whether this version supports it or not.
struct PlatformReport {
  std::string system;  ///< kernel and machine
  std::vector<host::probe::Backend> backends;
  std::vector<std::string_view> supported;  ///< the backends that this version can run
};

/// Lists for people; with `colours` for a terminal. What to do is told for a datum that fails, but
/// not for its parts.
[[nodiscard]] std::string to_text(const PlatformReport& report, bool colours);

/// One JSON object and a line end, with the names of ENARX 0.7.1: backends of data of data, each
/// with name, pass, info and mesg; beside them "ready", "supported"
/// and "need".
[[nodiscard]] std::string to_json(const PlatformReport& report);

}  // namespace merlon::cli
