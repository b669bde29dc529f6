#pragma once

// stat(2)'s and utimensat(2)'s words to ours and back; for the files of this room only.

#include <array>

#include <sys/stat.h>

#include "merlon/os/file.h"

namespace merlon::os {

/// fstat(2) as a call of its own. glibc asks by newfstatat(2), which takes a path too, so that a
/// filter of calls could not tell the one from the other.
[[nodiscard]] Result<struct ::stat> stat_of(BorrowedFd fd) noexcept;

[[nodiscard]] FileType type_of_mode(::mode_t mode) noexcept;
[[nodiscard]] FileStatus status_of(const struct ::stat& from) noexcept;
[[nodiscard]] std::array<::timespec, 2> timespecs_of(TimeChanges changes) noexcept;

}  // namespace merlon::os
