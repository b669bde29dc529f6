#pragma once

// Numbers as values of options.

#include <cstdint>
#include <string>
#include <string_view>

#include "merlon/command/command.h"
#include "merlon/core/result.h"

namespace merlon::command {

/// Both ends belong to it.
struct NumberRange {
  std::uint64_t least = 1;
  std::uint64_t most = 0;
};

/// What stands behind `option`, a decimal number without sign; `fallback`, whatever that is, where
/// the option is not there. The error is one line that names the option and the range.
[[nodiscard]] core::Result<std::uint64_t, std::string> number_of(const Arguments& arguments,
                                                                 std::string_view option,
                                                                 NumberRange range,
                                                                 std::uint64_t fallback);

}  // namespace merlon::command
