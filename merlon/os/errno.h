#pragma once

// Why the kernel said no, as a value. Outside of this room nobody reads the variable `errno`.

#include <cerrno>
#include <string_view>

#include "merlon/core/result.h"

namespace merlon::os {

/// An error number of Linux; the enumerators are POSIX's names without the E. A number that has no
/// enumerator is kept as it is, so a switch ends in a refusing return.
enum class Errno : int {
#define MERLON_OS_ERRNO(name, constant) name = constant,
#include "merlon/os/errno.def"
#undef MERLON_OS_ERRNO
  /// Not the kernel's: a path would have left the directory that it must stay in.
  Outside = 1 << 16,
  /// Neither: something else is in the place of a file that is to be read.
  IsFifo,
  IsDevice,
  IsSocket,
};

/// What every call of this room gives.
template <typename T>
using Result = core::Result<T, Errno>;

/// The variable `errno`, taken right after a call that failed.
[[nodiscard]] inline Errno last_errno() noexcept { return static_cast<Errno>(errno); }

/// POSIX's sentence, e.g. "No such file or directory". Static storage, never translated.
[[nodiscard]] std::string_view describe(Errno number) noexcept;

/// For callers that do not branch on numbers: `what` says what was tried (static storage); the
/// number becomes the Error's detail.
[[nodiscard]] core::Error to_error(Errno number, const char* what,
                                   core::Where where = core::Where::here()) noexcept;

}  // namespace merlon::os
