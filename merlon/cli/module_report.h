#pragma once

// What a module is made of and what it will ask for, told from its bytes.

#include <string>

#include "merlon/cli/inspect_report.h"
#include "merlon/core/result.h"
#include "merlon/os/fd.h"

namespace merlon::cli {

/// Of an open file, which `path` names in the report and in errors, each a line: it cannot be read,
/// or is no module that can be run. Attacker-controlled.
[[nodiscard]] core::Result<InspectReport, std::string> report_of_module(os::BorrowedFd file,
                                                                        const std::string& path);

}  // namespace merlon::cli
