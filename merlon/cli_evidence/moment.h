#pragma once

// For when evidence is judged, and what is remembered of it (verify/moment.h).

#include "merlon/cli_evidence/files.h"

namespace merlon::cli_evidence {

/// Where what was seen is kept, by --no-memory and --at; empty if it is not.
[[nodiscard]] std::string memory_file_of(const cli::Arguments& arguments,
                                         const cli::Terminal& terminal);

/// The time to judge for, with what earlier runs have seen. Whoever names a time by --at asks how
/// it would have been then: what is known since does not count, and nothing is kept.
[[nodiscard]] Result<verify::Moment> moment_of(const cli::Arguments& arguments,
                                               const std::string& memory_file);

/// Keeps what is new. A run between the reading and here may have kept more: that is read again.
void remember(const cli::Terminal& terminal, const std::string& file, const verify::Memory& seen);

/// A line on standard error that is no failure.
void remark(const cli::Terminal& terminal, std::string_view text);

}  // namespace merlon::cli_evidence
