#pragma once

// An appraisal as a command shows it.

#include "merlon/cli/table.h"
#include "merlon/report/report.h"

namespace merlon::cli_evidence {

/// On standard output as text, or by --json as JSON, and by --html FILE as a page as well; gives
/// the status to end with.
[[nodiscard]] int show(const cli::Arguments& arguments, const cli::Terminal& terminal,
                       const report::Head& head, const verify::Appraisal& appraisal);

}  // namespace merlon::cli_evidence
