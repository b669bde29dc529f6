#include "merlon/base/text.h"

#include <algorithm>
#include <array>

namespace merlon::base {

using core::ErrorCode;

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

/// The bytes of the well-formed UTF-8 character that `text` starts with; 0 if there is none
/// [UNICODE 15 table 3-7].
std::size_t utf8_length(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF && continues(1)) return 2;
  if (first >= 0xE0 && first <= 0xEF && continues(1) && continues(2)) {
    const bool overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) > 0x9F;
    return overlong || surrogate ? 0 : 3;
  }
  if (first >= 0xF0 && first <= 0xF4 && continues(1) && continues(2) && continues(3)) {
    const bool overlong = first == 0xF0 && byte(1) < 0x90;
    const bool beyond = first == 0xF4 && byte(1) > 0x8F;
    return overlong || beyond ? 0 : 4;
  }
  return 0;
}

void append_escaped(std::string& out, unsigned char byte) {
  out.append("\\x");
  out.push_back(hex_digits[byte >> 4U]);
  out.push_back(hex_digits[byte & 15U]);
}

/// U+0080 to U+009F steer terminals as the C0 characters do.
bool is_c1_control(std::string_view character) noexcept {
  return character.size() == 2 && static_cast<unsigned char>(character[0]) == 0xC2 &&
         static_cast<unsigned char>(character[1]) < 0xA0;
}

/// One harmless line; characters in `escaped` get a backslash.
std::string shown(std::string_view text, std::size_t max_bytes, std::string_view escaped) {
  std::string out;
  while (!text.empty()) {
    if (out.size() >= max_bytes) return out + "…";
    const std::size_t length = utf8_length(text);
    const auto first = static_cast<unsigned char>(text[0]);
    const std::string_view character = text.substr(0, length == 0 ? 1 : length);
    if (length == 0 || first < 0x20 || first == 0x7F || is_c1_control(character)) {
      for (const char byte : character) append_escaped(out, static_cast<unsigned char>(byte));
    } else {
      if (escaped.find(text[0]) != std::string_view::npos) out.push_back('\\');
      out.append(character);
    }
    text.remove_prefix(character.size());
  }
  return out;
}

}  // namespace

std::string hex(core::ByteView bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text.push_back(hex_digits[byte >> 4U]);
    text.push_back(hex_digits[byte & 15U]);
  }
  return text;
}

std::string printable(std::string_view text, std::size_t max_bytes) {
  return shown(text, max_bytes, "");
}

std::string quoted(std::string_view text, std::size_t max_bytes) {
  return concat("'", shown(text, max_bytes, "'\\"), "'");
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool contains_ignoring_case(std::string_view text, std::string_view part) noexcept {
  return part.empty() || !std::ranges::search(text, part, {}, lower, lower).empty();
}

core::Result<std::uint64_t> parse_decimal(std::string_view text) noexcept {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 10);
  if (error == std::errc::result_out_of_range) {
    return core::error(ErrorCode::Exhausted, "number is too large");
  }
  if (error != std::errc{} || end != text.data() + text.size()) {
    return core::error(ErrorCode::Malformed, "not a number");
  }
  return number;
}

}  // namespace merlon::base
