#pragma once

// Why something could not be judged or done. A *judged no* (a verdict, a trap, an exit status) is
// never an Error: it is a value of its own domain type.

#include <cstdint>
#include <string_view>

#include "merlon/core/where.h"

namespace merlon::core {

/// What callers branch on; small on purpose. Text is for people and is built only when printed.
enum class ErrorCode : std::uint8_t {
  Malformed,    ///< the bytes do not follow their format
  NotFound,     ///< the thing named is not there
  Denied,       ///< a rule or a peer forbids it
  Unavailable,  ///< not now, or not on this machine; trying again may help
  Unsupported,  ///< well-formed, but outside of what we do
  Exhausted,    ///< a limit on memory, size, time or count is reached
  Internal,     ///< a promise between our own parts was broken
};

/// The code's name, e.g. "malformed". Static storage.
[[nodiscard]] constexpr std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::Malformed: return "malformed";
    case ErrorCode::NotFound: return "not found";
    case ErrorCode::Denied: return "denied";
    case ErrorCode::Unavailable: return "unavailable";
    case ErrorCode::Unsupported: return "unsupported";
    case ErrorCode::Exhausted: return "exhausted";
    case ErrorCode::Internal: return "internal error";
  }
  return "internal error";
}

/// A code, one static sentence and where it was made; plus one number that the sentence is about
/// (a byte offset, an index, an errno), so that no error needs a heap.
struct Error {
  ErrorCode code = ErrorCode::Internal;
  const char* what = "";     ///< static storage; says what was wrong, lower case, no full stop
  std::uint64_t detail = 0;  ///< meaning is the maker's; 0 when unused
  Where where{};

  [[nodiscard]] constexpr std::string_view message() const noexcept { return what; }
};

/// Makes an Error that remembers its caller.
[[nodiscard]] constexpr Error error(ErrorCode code, const char* what, std::uint64_t detail = 0,
                                    Where where = Where::here()) noexcept {
  return Error{code, what, detail, where};
}

}  // namespace merlon::core
