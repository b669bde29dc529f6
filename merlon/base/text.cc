#include "merlon/base/text.h"

#include <algorithm>
#include <array>

#include "merlon/base/characters.h"

namespace merlon::base {

using core::ErrorCode;

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

void append_escaped(std::string& out, unsigned char byte) {
  out.append("\\x");
  out.push_back(hex_digits[byte >> 4U]);
  out.push_back(hex_digits[byte & 15U]);
}

/// Never escaped.
bool is_plain(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ';
}

/// One harmless line; characters in `escaped` get a backslash.
std::string shown(std::string_view text, std::size_t max_bytes, std::string_view escaped) {
  std::string out;
  while (!text.empty()) {
    if (out.size() >= max_bytes) return out + "…";
    // Nearly all of nearly every text is letters and digits.
    const auto other = std::ranges::find_if_not(text.substr(0, max_bytes - out.size()), is_plain);
    out.append(text.begin(), other);
    text.remove_prefix(static_cast<std::size_t>(other - text.begin()));
    if (text.empty() || out.size() >= max_bytes) continue;
    if (escaped.find(text[0]) != std::string_view::npos) out.push_back('\\');
    text.remove_prefix(append_printable(out, text));
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

std::size_t append_printable(std::string& out, std::string_view text) {
  const Character character = first_character(text);
  if (character.well_formed && !acts(character.code)) {
    out.append(character.bytes);
  } else {
    for (const char byte : character.bytes) append_escaped(out, static_cast<unsigned char>(byte));
  }
  return character.bytes.size();
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

bool is_label(std::string_view text) noexcept {
  constexpr std::size_t most = 64;
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto usual = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !text.empty() && text.size() <= most && is_letter(text[0]) &&
         std::all_of(text.begin(), text.end(), usual);
}

}  // namespace merlon::base
