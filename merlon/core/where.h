#pragma once

// The place in our own source where an error was made: static data, costs nothing until printed.

#include <cstdint>

namespace merlon::core {

/// A call site. `file` points to static storage, so a Where may be kept for ever.
struct Where {
  const char* file = "";
  std::uint32_t line = 0;

  /// The caller's own place, when used as a default argument.
  [[nodiscard]] static constexpr Where here(const char* file = __builtin_FILE(),
                                            std::uint32_t line = __builtin_LINE()) noexcept {
    return Where{file, line};
  }
};

}  // namespace merlon::core
