#pragma once

// Programs of the user's own that are asked something: a secret in, an answer out.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/os/process.h"

namespace merlon::os {

struct HelperAnswer {
  ExitStatus status;
  std::vector<std::uint8_t> output;  ///< what it wrote to standard output
};

/// Runs `words[0]`, which is looked for in PATH if it has no "/", with this process's environment
/// and standard error. It reads `input`, at most 32 KiB, and then the end. It is killed when it has
/// not ended at `deadline`, in nanoseconds of Clock::Monotonic.
///
/// Errors: Noent · Acces · Inval (too much input, no words) · Fbig (it writes more than
///         `max_output`) · Timedout · …
[[nodiscard]] Result<HelperAnswer> run_helper(std::span<const std::string> words,
                                              core::ByteView input, std::size_t max_output,
                                              std::uint64_t deadline);

}  // namespace merlon::os
