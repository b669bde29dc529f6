#include "merlon/codec/base64.h"

#include <algorithm>
#include <array>

namespace merlon::codec {

namespace {

constexpr std::string_view digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(255);
  for (std::size_t i = 0; i < digits.size(); ++i) {
    values[static_cast<std::uint8_t>(digits[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}
constexpr auto values = make_values();

bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

core::Result<std::vector<std::uint8_t>> decode_base64(std::string_view text) {
  std::vector<std::uint8_t> bytes(text.size() / 4 * 3 + 2);
  std::size_t used = 0;
  std::uint32_t bits = 0;
  std::size_t held = 0;  // digits of the current group of four
  std::size_t padding = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_blank(c)) continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const std::uint8_t value = values[static_cast<std::uint8_t>(c)];
    if (value == 255 || padding > 0) {
      return core::error(core::ErrorCode::Malformed, "not base 64", i);
    }
    bits = bits << 6U | value;
    if (++held == 4) {
      for (const unsigned shift : {16U, 8U, 0U}) {
        bytes[used++] = static_cast<std::uint8_t>(bits >> shift);
      }
      bits = 0;
      held = 0;
    }
  }
  const std::size_t wanted_padding = held == 0 ? 0 : 4 - held;
  std::uint32_t unused = 0;
  if (held == 2) unused = bits & 0xFU;
  if (held == 3) unused = bits & 0x3U;
  if (held == 1 || padding != wanted_padding || unused != 0) {
    return core::error(core::ErrorCode::Malformed, "base 64 ends in the middle", text.size());
  }
  if (held >= 2) bytes[used++] = static_cast<std::uint8_t>(held == 2 ? bits >> 4U : bits >> 10U);
  if (held == 3) bytes[used++] = static_cast<std::uint8_t>(bits >> 2U);
  bytes.resize(used);
  return bytes;
}

core::Result<std::vector<std::uint8_t>> decode_any_base64(std::string_view text) {
  std::string plain;
  plain.reserve(text.size() + 3);
  bool standard = false;
  bool url = false;
  bool padded = false;
  for (const char c : text) {
    if (is_blank(c)) continue;
    standard = standard || c == '+' || c == '/';
    url = url || c == '-' || c == '_';
    padded = padded || c == '=';
    plain += c == '-' ? '+' : c == '_' ? '/' : c;
  }
  if (standard && url) {
    return core::error(core::ErrorCode::Malformed, "digits of base 64 and of base64url");
  }
  if (!padded) plain.append((4 - plain.size() % 4) % 4, '=');
  return decode_base64(plain);
}

core::Result<std::vector<std::uint8_t>> decode_base64url(std::string_view text) {
  std::string plain;
  plain.reserve(text.size() + 3);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool other = is_blank(c) || c == '=' || c == '+' || c == '/';
    if (other) return core::error(core::ErrorCode::Malformed, "not base64url", i);
    plain += c == '-' ? '+' : c == '_' ? '/' : c;
  }
  plain.append((4 - plain.size() % 4) % 4, '=');
  return decode_base64(plain);
}

std::string encode_base64(core::ByteView bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = bytes.size() - i < 3 ? bytes.size() - i : 3;
    std::uint32_t bits = std::uint32_t{bytes[i]} << 16U;
    if (count > 1) bits |= std::uint32_t{bytes[i + 1]} << 8U;
    if (count > 2) bits |= bytes[i + 2];
    text += digits[bits >> 18U];
    text += digits[bits >> 12U & 63U];
    text += count > 1 ? digits[bits >> 6U & 63U] : '=';
    text += count > 2 ? digits[bits & 63U] : '=';
  }
  return text;
}

std::string encode_base64url(core::ByteView bytes) {
  std::string text = encode_base64(bytes);
  text.erase(std::ranges::find(text, '='), text.end());
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

}  // namespace merlon::codec
