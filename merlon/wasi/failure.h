#pragma once

// Why a call does not succeed: a number for the guest, or the end of the guest.

#include <string_view>

#include "merlon/core/result.h"
#include "merlon/os/errno.h"
#include "merlon/wasi/abi.h"

namespace merlon::wasi {

/// Either an errno that the guest gets to see, or that the guest does not get to run on.
struct Failure {
  enum class Kind : std::uint8_t { Errno, Exit, Interrupted };

  Kind kind = Kind::Errno;
  Errno number = Errno::Io;     ///< Errno only; never Success
  std::uint32_t exit_code = 0;  ///< Exit only

  friend bool operator==(const Failure&, const Failure&) = default;
};

/// What every function of this room gives.
template <typename T>
using Result = core::Result<T, Failure>;

[[nodiscard]] constexpr Failure fail(Errno number) noexcept {
  return {Failure::Kind::Errno, number, 0};
}
[[nodiscard]] constexpr Failure exited(std::uint32_t code) noexcept {
  return {Failure::Kind::Exit, Errno::Canceled, code};
}
[[nodiscard]] constexpr Failure interrupted() noexcept {
  return {Failure::Kind::Interrupted, Errno::Intr, 0};
}

/// The kernel's reason in WASI's numbers; a path that leads out of its directory is Notcapable.
[[nodiscard]] Errno to_errno(os::Errno number) noexcept;

/// The witx name, e.g. "noent". Static storage.
[[nodiscard]] std::string_view to_string(Errno number) noexcept;

/// POSIX's sentence for people, e.g. "No space left on device". Static storage.
[[nodiscard]] std::string_view describe(Errno number) noexcept;

/// An answer of the kernel's as an answer of ours.
template <typename T>
[[nodiscard]] Result<T> from_os(os::Result<T> result) noexcept {
  if (!result.has_value()) return fail(to_errno(result.error()));
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return *std::move(result);
  }
}

}  // namespace merlon::wasi
