#pragma once

// Borrowed bytes. Never a pointer and a length side by side.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace merlon::core {

using ByteView = std::span<const std::uint8_t>;  ///< bytes one may read
using ByteSpan = std::span<std::uint8_t>;        ///< bytes one may write

/// The same memory, read as text. Says nothing about its encoding.
[[nodiscard]] inline std::string_view as_text(ByteView bytes) noexcept {
  // SAFETY: char may alias any object; the view has the same extent and lifetime.
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The same memory, read as bytes.
[[nodiscard]] inline ByteView as_bytes(std::string_view text) noexcept {
  // SAFETY: unsigned char may alias any object; the view has the same extent and lifetime.
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace merlon::core
