#pragma once

// What this user's runs of `merlon evidence verify` have seen, in a file of his: without it a clock
// that is set back, or a cache that hands out last year's lists, could not be told from the truth.

#include <string>

#include "merlon/cli_evidence/files.h"

namespace merlon::cli_evidence {

/// seen.json; as cli::state_path().
[[nodiscard]] std::string memory_path(const cli::Terminal& terminal);

/// Nothing has been seen where there is no file yet. A file that cannot be read, or is no such
/// record, is an error: going on without it would forget on behalf of whoever damaged it.
[[nodiscard]] Result<verify::Memory> read_memory(const std::string& path);

/// Puts it in the place of the file, and makes its folders (mode 0700).
[[nodiscard]] Result<void> write_memory(const std::string& path, const verify::Memory& memory);

}  // namespace merlon::cli_evidence
