#pragma once

// Building and reading short texts without iostreams, locales or format strings. Pure; any thread.

#include <array>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"

namespace merlon::base {

/// One part of a text: a string, a character or a number in decimal.
class TextPart {
 public:
  TextPart(std::string_view text) noexcept : text_(text) {}  // NOLINT(google-explicit-constructor)
  TextPart(const char* text) noexcept : text_(text) {}       // NOLINT(google-explicit-constructor)
  TextPart(const std::string& text) noexcept
      : text_(text) {}  // NOLINT(google-explicit-constructor)
  TextPart(char character) noexcept
      : text_(digits_.data(), 1) {  // NOLINT(google-explicit-constructor)
    digits_[0] = character;
  }
  template <std::integral T>
    requires(!std::same_as<T, char> && !std::same_as<T, bool>)
  TextPart(T number) noexcept {  // NOLINT(google-explicit-constructor)
    const auto end = std::to_chars(digits_.data(), digits_.data() + digits_.size(), number).ptr;
    text_ = std::string_view(digits_.data(), static_cast<std::size_t>(end - digits_.data()));
  }
  TextPart(const TextPart&) = delete;
  TextPart& operator=(const TextPart&) = delete;

  [[nodiscard]] std::string_view text() const noexcept { return text_; }

 private:
  std::array<char, 24> digits_{};
  std::string_view text_;
};

/// All parts one after the other: `concat("fd ", 3, ": ", name)`.
template <typename... Parts>
  requires(std::constructible_from<TextPart, const Parts&> && ...)
[[nodiscard]] std::string concat(const Parts&... parts) {
  std::string text;
  (text.append(TextPart(parts).text()), ...);
  return text;
}

/// Two lower-case hexadecimal digits for each byte.
[[nodiscard]] std::string hex(core::ByteView bytes);

/// Appends the first character of `text`, or \xNN for each byte of one that acts (characters.h) and
/// for a byte that is not UTF-8. Gives how many bytes of `text` that was.
std::size_t append_printable(std::string& out, std::string_view text);

/// `text` as one line that a terminal can show: characters that act and bytes that are not UTF-8
/// become \xNN, and what is longer than `max_bytes` is cut and ends in "…". For foreign texts.
[[nodiscard]] std::string printable(std::string_view text, std::size_t max_bytes = 200);

/// As printable(), in single quotes, with quotes and backslashes escaped. For foreign names.
[[nodiscard]] std::string quoted(std::string_view text, std::size_t max_bytes = 200);

/// ASCII alone.
[[nodiscard]] constexpr char lower(char letter) noexcept {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;
[[nodiscard]] bool contains_ignoring_case(std::string_view text, std::string_view part) noexcept;

/// The decimal number that is all of `text`; digits only. Malformed otherwise, Exhausted if it does
/// not fit.
[[nodiscard]] core::Result<std::uint64_t> parse_decimal(std::string_view text) noexcept;

/// Whether it can name something for people and file systems alike: 1 to 64 of a-z, 0-9, "-" and
/// "_", and first a letter.
[[nodiscard]] bool is_label(std::string_view text) noexcept;

}  // namespace merlon::base
