#pragma once

// The lines a keep writes to standard error. Nothing else in it prints.

#include <string>
#include <string_view>

#include "merlon/base/printable.h"

namespace merlon::keep {

/// Writes "merlon: ", `text` and a line end, in one piece. `text` may hold more lines.
void report(const base::Printable& text);
/// The same of one line that has not been made printable.
void report(std::string_view line);

/// Says that the time limit is over. Async-signal-safe.
void report_time_limit() noexcept;

/// A call by the 32-bit convention, whose numbers mean something else.
inline constexpr int foreign_call = -1;

/// Says which system call was refused, so that the keep ends. Async-signal-safe.
void report_refused_call(int number) noexcept;

}  // namespace merlon::keep
