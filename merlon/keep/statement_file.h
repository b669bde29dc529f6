#pragma once

// /keep/statement (docs/statements.md): a workload commits to numbers, proves claims about them,
// and judges those of others.

#include <memory>
#include <string_view>

#include "merlon/wasi/served.h"

namespace merlon::keep {

inline constexpr std::string_view statement_name = "statement";

/// What is written is a request, what is read then its answer. A request that is none is answered
/// by a refusal, not by an error of the file. Both are overwritten when they are over.
[[nodiscard]] std::unique_ptr<wasi::ServedFile> statement_file();

}  // namespace merlon::keep
