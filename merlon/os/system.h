#pragma once

// Questions about the machine that have one answer for all of a process's life.

#include <cstdint>
#include <string>

#include "merlon/os/errno.h"

namespace merlon::os {

/// The kernel's name, release and version, and the machine's architecture [uname(2)], in one line.
[[nodiscard]] Result<std::string> system_name();

/// How many bytes this process may lock; the largest number where there is no limit.
[[nodiscard]] Result<std::uint64_t> lockable_bytes() noexcept;

}  // namespace merlon::os
