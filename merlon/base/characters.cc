#include "merlon/base/characters.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace merlon::base {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Those with the property Bidi_Control or Default_Ignorable_Code_Point of [UNICODE 15], but for
// what belongs to the letter before it (variation selectors, fillers); separators of lines.
constexpr std::array<Range, 14> acting{{{0x0000, 0x001F},
                                        {0x007F, 0x009F},
                                        {0x00AD, 0x00AD},
                                        {0x034F, 0x034F},
                                        {0x061C, 0x061C},
                                        {0x180E, 0x180E},
                                        {0x200B, 0x200F},
                                        {0x2028, 0x202E},
                                        {0x2060, 0x206F},
                                        {0xFEFF, 0xFEFF},
                                        {0xFFF9, 0xFFFB},
                                        {0x1BCA0, 0x1BCA3},
                                        {0x1D173, 0x1D17A},
                                        {0xE0000, 0xE007F}}};

/// The bytes of the well-formed character that `text` starts with; 0 if there is none.
std::size_t length_of(std::string_view text) noexcept {
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

}  // namespace

Character first_character(std::string_view text) noexcept {
  const std::size_t length = length_of(text);
  if (length == 0) return {text.substr(0, 1), 0, false};
  constexpr std::array<unsigned, 5> bits_of_first{0, 0x7F, 0x1F, 0x0F, 0x07};
  char32_t code = static_cast<unsigned char>(text[0]) & bits_of_first[length];
  for (const char byte : text.substr(1, length - 1)) {
    code = (code << 6U) | (static_cast<unsigned char>(byte) & 0x3FU);
  }
  return {text.substr(0, length), code, true};
}

std::size_t well_formed_size(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size()) {
    std::uint64_t eight = 0x80;  // at once, where all are ASCII
    if (text.size() - at >= sizeof eight) std::memcpy(&eight, text.data() + at, sizeof eight);
    if ((eight & 0x8080808080808080U) == 0) {
      at += sizeof eight;
      continue;
    }
    const std::size_t length = length_of(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return at;
}

bool acts(char32_t code) noexcept {
  if (code >= 0x20 && code < 0x7F) return false;
  return std::ranges::any_of(
      acting, [&](const Range& range) { return code >= range.first && code <= range.last; });
}

}  // namespace merlon::base
