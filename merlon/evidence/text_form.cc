#include "merlon/evidence/text_form.h"

#include <algorithm>
#include <iterator>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/codec/hex.h"
#include "merlon/evidence/evidence.h"

namespace merlon::evidence {

using core::ByteView;
using core::ErrorCode;
using core::Result;
using Unwrapped = std::optional<Result<Inside>>;

namespace {

constexpr std::string_view blanks = " \t\r\n";

bool is_blank(char c) noexcept { return blanks.find(c) != std::string_view::npos; }

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// A value of one digit; 16 for what is none.
unsigned digit_of(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return 16;
}

std::string_view take_line(std::string_view& text) noexcept {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

std::optional<std::string_view> text_of(ByteView bytes) noexcept {
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  if (core::as_text(bytes).starts_with(mark)) bytes = bytes.subspan(mark.size());
  // Text whose first characters cannot begin any of the binary forms.
  const bool text = std::ranges::all_of(
      bytes.first(std::min<std::size_t>(bytes.size(), 64)), [](std::uint8_t byte) {
        return (byte >= 0x20 && byte < 0x7F) || byte == '\n' || byte == '\r' || byte == '\t';
      });
  if (!text) return std::nullopt;
  return trimmed(core::as_text(bytes));
}

Unwrapped unwrap_hexadecimal(ByteView bytes) {
  auto text = text_of(bytes);
  if (!text) return std::nullopt;
  if (text->starts_with("0x")) text->remove_prefix(2);
  std::string digits;
  digits.reserve(text->size());
  std::ranges::copy_if(*text, std::back_inserter(digits), [](char c) { return !is_blank(c); });
  auto decoded = codec::decode_hex(digits);
  if (!decoded || decoded->empty()) return std::nullopt;
  return Inside{*std::move(decoded), {}, {}};
}

Unwrapped unwrap_base64(ByteView bytes) {
  const auto text = text_of(bytes);
  if (!text || text->empty()) return std::nullopt;
  auto decoded = codec::decode_any_base64(*text);
  if (!decoded || decoded->empty()) return std::nullopt;
  return Inside{*std::move(decoded), {}, {}};
}

namespace {

struct DumpLine {
  std::uint64_t offset = 0;
  Bytes bytes;
  bool end = false;  ///< an offset alone
};

/// "00000010: 0001 0203  .." or "00000010  00 01  02 03  |..|"; nothing if it is neither.
std::optional<DumpLine> parse_dump_line(std::string_view line) {
  constexpr std::size_t most_bytes = 256;
  DumpLine parsed;
  std::size_t at = 0;
  for (; at < line.size() && digit_of(line[at]) < 16; ++at) {
    parsed.offset = parsed.offset << 4U | digit_of(line[at]);
  }
  if (at < 6 || at > 16) return std::nullopt;
  if (at == line.size()) {
    parsed.end = true;
    return parsed;
  }
  const bool xxd = line[at] == ':';
  if (!xxd && line[at] != ' ') return std::nullopt;
  for (++at; at < line.size();) {
    if (line[at] == '|') break;
    // xxd has two blanks in front of its characters; hexdump has them in the middle as well.
    if (line[at] == ' ') {
      if (xxd && !parsed.bytes.empty() && line.substr(at).starts_with("  ")) break;
      ++at;
      continue;
    }
    if (at + 1 >= line.size()) return std::nullopt;
    const unsigned high = digit_of(line[at]);
    const unsigned low = digit_of(line[at + 1]);
    if (high > 15 || low > 15 || parsed.bytes.size() == most_bytes) return std::nullopt;
    parsed.bytes.push_back(static_cast<std::uint8_t>(high << 4U | low));
    at += 2;
  }
  if (parsed.bytes.empty()) return std::nullopt;
  return parsed;
}

core::Error broken_dump(std::size_t line) noexcept {
  return core::error(ErrorCode::Malformed, "a dump of which a line cannot be read, or is missing",
                     line);
}

}  // namespace

Unwrapped unwrap_dump(ByteView bytes) {
  auto text = text_of(bytes);
  if (!text) return std::nullopt;
  Inside inside;
  Bytes last;
  bool repeats = false;
  for (std::size_t number = 1; !text->empty(); ++number) {
    const std::string_view line = take_line(*text);
    if (line == "*" && number > 1) {
      repeats = true;
      continue;
    }
    const auto parsed = parse_dump_line(line);
    // Of other texts the first line is none of a dump, and plain digits are hexadecimal.
    if (number == 1 && (!parsed || parsed->end || parsed->offset != 0)) return std::nullopt;
    if (!parsed || parsed->offset > max_evidence_size) return broken_dump(number);
    while (repeats && inside.bytes.size() < parsed->offset && !last.empty()) {
      inside.bytes.insert(inside.bytes.end(), last.begin(), last.end());
    }
    repeats = false;
    if (parsed->offset != inside.bytes.size()) return broken_dump(number);
    if (parsed->end) break;
    last = parsed->bytes;
    inside.bytes.insert(inside.bytes.end(), last.begin(), last.end());
  }
  if (repeats || !trimmed(*text).empty()) return broken_dump(0);
  return inside;
}

namespace {

/// One number of an array; nothing if what stands there is none.
std::optional<std::uint8_t> take_number(std::string_view& text) noexcept {
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  if (hexadecimal) text.remove_prefix(2);
  unsigned value = 0;
  std::size_t digits = 0;
  const unsigned base = hexadecimal ? 16 : 10;
  while (digits < text.size() && digits < 4 && digit_of(text[digits]) < base) {
    value = value * base + digit_of(text[digits]);
    ++digits;
  }
  if (digits == 0 || value > 255) return std::nullopt;
  text.remove_prefix(digits);
  return static_cast<std::uint8_t>(value);
}

void skip_blanks(std::string_view& text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
}

/// The numbers up to the bracket that ends the array; nothing if anything else stands there.
std::optional<Bytes> take_numbers(std::string_view& text, char end) {
  Bytes bytes;
  for (;;) {
    skip_blanks(text);
    if (!bytes.empty() && text.starts_with(end)) {  // a comma may stand in front of it
      text.remove_prefix(1);
      return bytes;
    }
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    bytes.push_back(*number);
    skip_blanks(text);
    if (text.starts_with(',')) {
      text.remove_prefix(1);
    } else if (!text.starts_with(end)) {
      return std::nullopt;
    }
  }
}

}  // namespace

Unwrapped unwrap_array(ByteView bytes) {
  constexpr std::size_t longest_declaration = 128;
  constexpr std::size_t least = 64;  // shorter ones are no evidence
  const auto text = text_of(bytes);
  if (!text || text->starts_with('"')) return std::nullopt;
  for (const char open : {'{', '['}) {
    std::string_view rest = *text;
    const std::size_t first = rest.find_first_of(open == '[' ? "[\"" : "{\"");
    if (first > longest_declaration || rest[first] != open) continue;
    rest.remove_prefix(first + 1);
    auto numbers = take_numbers(rest, open == '{' ? '}' : ']');
    if (!numbers || numbers->size() < least) continue;
    if (rest.find_first_of("{[") != std::string_view::npos) {
      return core::error(ErrorCode::Malformed,
                         "more than one array: each piece of evidence is judged by itself");
    }
    return Inside{*std::move(numbers), {}, {}};
  }
  return std::nullopt;
}

}  // namespace merlon::evidence
