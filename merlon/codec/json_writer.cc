#include "merlon/codec/json_writer.h"

#include <algorithm>

#include "merlon/base/characters.h"

namespace merlon::codec {
namespace {

void append_unit(std::string& out, unsigned unit) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) out += digits[(unit >> shift) & 15U];
}

/// As one UTF-16 unit, or two [RFC 8259 §7].
void append_escaped(std::string& out, char32_t code) {
  if (code < 0x10000) return append_unit(out, code);
  append_unit(out, 0xD800U + ((code - 0x10000U) >> 10U));
  append_unit(out, 0xDC00U + ((code - 0x10000U) & 0x3FFU));
}

/// What stands for itself, and is nearly all of nearly every text.
bool is_plain(char c) noexcept { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; }

}  // namespace

void JsonWriter::text(std::string_view value) {
  separate();
  out_ += '"';
  while (true) {
    const auto other = std::ranges::find_if_not(value, is_plain);
    out_.append(value.begin(), other);
    value.remove_prefix(static_cast<std::size_t>(other - value.begin()));
    if (value.empty()) break;
    const base::Character character = base::first_character(value);
    if (!character.well_formed) {
      append_escaped(out_, U'\uFFFD');
    } else if (base::acts(character.code)) {
      append_escaped(out_, character.code);
    } else {
      if (character.code == U'"' || character.code == U'\\') out_ += '\\';
      out_ += character.bytes;
    }
    value.remove_prefix(character.bytes.size());
  }
  out_ += '"';
  fresh_ = false;
}

}  // namespace merlon::codec
