#pragma once

// Questions about the machine that have one answer for all of a process's life.

#include <cstdint>
#include <string>

#include "merlon/os/errno.h"

namespace merlon::os {

/// The kernel's name, release and version, and the machine's architecture [uname(2)], in one line.
[[nodiscard]] Result<std::string> system_name();

/// How much memory this machine has, in bytes; 0 if nothing tells.
[[nodiscard]] std::uint64_t physical_memory() noexcept;

/// How many bytes this process may lock; the largest number where there is no limit.
[[nodiscard]] Result<std::uint64_t> lockable_bytes() noexcept;

/// The lowest address that the stack of this process's first thread may reach, by the limit that
/// the process has; 0 if there is no limit, or nothing tells where the stack is.
[[nodiscard]] std::uintptr_t lowest_stack_address() noexcept;

}  // namespace merlon::os
