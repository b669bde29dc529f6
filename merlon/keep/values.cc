#include "merlon/keep/values.h"

#include <bit>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <limits>

#include "merlon/base/text.h"
#include "merlon/keep/float_text.h"

namespace merlon::keep {

using core::ErrorCode;
using wasm::Value;
using wasm::ValueType;

namespace {

constexpr const char* not_a_number = "not a number of this type";

template <std::floating_point T>
core::Result<T> parse_float(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) {
    return core::error(ErrorCode::Malformed, not_a_number);
  }
  return number;
}

/// An integer of `bits` bits, signed or not, as the two's complement in the low bits.
core::Result<std::uint64_t> parse_integer(std::string_view text, unsigned bits) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    text.remove_prefix(2);
    base = 16;
  }
  std::uint64_t magnitude = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
  const std::uint64_t most =
      bits == 64 ? std::numeric_limits<std::uint64_t>::max() : (std::uint64_t{1} << bits) - 1;
  const std::uint64_t least = std::uint64_t{1} << (bits - 1);
  if (error != std::errc{} || end != text.data() + text.size() ||
      magnitude > (negative ? least : most)) {
    return core::error(ErrorCode::Malformed, not_a_number);
  }
  return (negative ? 0 - magnitude : magnitude) & most;
}

std::string format_vector(const Value& value) {
  std::string text = "0x";
  for (const std::uint64_t half : {value.bits.high, value.bits.low}) {
    for (int shift = 60; shift >= 0; shift -= 4) {
      text.push_back("0123456789abcdef"[(half >> static_cast<unsigned>(shift)) & 15U]);
    }
  }
  return text;
}

}  // namespace

core::Result<Value> parse_value(std::string_view text, ValueType type) {
  switch (type.kind()) {
    case ValueType::Kind::I32:
      return Value::from_i32(static_cast<std::uint32_t>(TRY(parse_integer(text, 32))));
    case ValueType::Kind::I64: return Value::from_i64(TRY(parse_integer(text, 64)));
    case ValueType::Kind::F32: return Value::from_f32(TRY(parse_float<float>(text)));
    case ValueType::Kind::F64: return Value::from_f64(TRY(parse_float<double>(text)));
    case ValueType::Kind::V128:
    case ValueType::Kind::Ref:
    case ValueType::Kind::Bottom: break;
  }
  return core::error(ErrorCode::Unsupported, "arguments of this type cannot be given as text");
}

std::string format_value(const Value& value) {
  switch (value.type.kind()) {
    case ValueType::Kind::I32: return base::concat(static_cast<std::int32_t>(value.as_i32()));
    case ValueType::Kind::I64: return base::concat(static_cast<std::int64_t>(value.as_i64()));
    case ValueType::Kind::F32: return float_text(std::bit_cast<float>(value.as_i32()));
    case ValueType::Kind::F64: return float_text(std::bit_cast<double>(value.as_i64()));
    case ValueType::Kind::V128: return format_vector(value);
    case ValueType::Kind::Ref: return value.bits.low == 0 ? "null" : "reference";
    case ValueType::Kind::Bottom: break;
  }
  return "?";
}

}  // namespace merlon::keep
