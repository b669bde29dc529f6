#pragma once

// UTF-8 character by character, and which of them a terminal or a browser acts upon. Pure.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace merlon::base {

/// The first character of a text.
struct Character {
  std::string_view bytes;  ///< at least one
  char32_t code = 0;       ///< where `well_formed`
  bool well_formed = false;
};

/// `text` must not be empty. What is no UTF-8 gives one byte that is not well formed [UNICODE 15
/// table 3-7].
[[nodiscard]] Character first_character(std::string_view text) noexcept;

/// How many bytes of `text` are well formed from its start: all of them, or the offset of the first
/// that belongs to no character.
[[nodiscard]] std::size_t well_formed_size(std::string_view text) noexcept;

/// Characters that do something instead of being seen: C0, DEL and C1 steer terminals; others turn
/// the order of what stands around them, have no width, or end a line for some readers only.
[[nodiscard]] bool acts(char32_t code) noexcept;

}  // namespace merlon::base
