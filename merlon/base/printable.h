#pragma once

// Text that may be shown: what the functions that print take, so that none can be handed a text
// whose bytes nobody has looked at.

#include <string>
#include <string_view>

namespace merlon::base {

/// No character of it acts (characters.h) but the line ends and tabs of lines(), and all of it is
/// UTF-8. Escapes are \xNN for each byte; what is harmless stays as it is, so escaping twice
/// changes nothing.
class Printable {
 public:
  static constexpr std::size_t longest_line = 8192;
  enum class Colours : bool { Escaped, Kept };

  /// One line without its end; what is longer than `max_bytes` is cut and ends in "…".
  [[nodiscard]] static Printable line(std::string_view text, std::size_t max_bytes = longest_line);

  /// Any number of lines. With Colours::Kept the sequences that reports use for red, green, yellow
  /// and back stay; foreign names in such a text must have been made printable before.
  [[nodiscard]] static Printable lines(std::string_view text, Colours colours = Colours::Escaped);

  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  explicit Printable(std::string text) noexcept : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace merlon::base
