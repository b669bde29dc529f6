#include "tests/spec/values.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace merlon::spec {

using core::ErrorCode;
using wasm::HeapType;
using wasm::Slot;
using wasm::Value;
using wasm::ValueType;

namespace {

std::string without_underscores(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c != '_') result.push_back(c);
  }
  return result;
}

std::uint64_t parse_integer(std::string_view text) {
  std::string digits = without_underscores(text);
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.erase(0, 1);
  const std::uint64_t value = std::strtoull(digits.c_str(), nullptr, 0);
  return negative ? 0 - value : value;
}

/// The bits of a float of `width` bits; NaN patterns are left to is_nan_pattern().
std::uint64_t parse_float(std::string_view text, unsigned width) {
  std::string digits = without_underscores(text);
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.erase(0, 1);
  const unsigned mantissa = width == 32 ? 23 : 52;
  const std::uint64_t sign = negative ? std::uint64_t{1} << (width - 1) : 0;
  const std::uint64_t exponent = ((std::uint64_t{1} << (width - 1 - mantissa)) - 1) << mantissa;
  if (digits.starts_with("nan:0x")) {
    return sign | exponent | std::strtoull(digits.c_str() + 4, nullptr, 16);
  }
  if (digits.starts_with("nan")) return sign | exponent | (std::uint64_t{1} << (mantissa - 1));
  if (width == 32) {
    return sign | std::bit_cast<std::uint32_t>(std::strtof(digits.c_str(), nullptr));
  }
  return sign | std::bit_cast<std::uint64_t>(std::strtod(digits.c_str(), nullptr));
}

bool matches_float(std::uint64_t bits, std::string_view expected, unsigned width) {
  const unsigned mantissa = width == 32 ? 23 : 52;
  const std::uint64_t exponent = ((std::uint64_t{1} << (width - 1 - mantissa)) - 1) << mantissa;
  const std::uint64_t quiet = std::uint64_t{1} << (mantissa - 1);
  const std::uint64_t magnitude = bits & ~(std::uint64_t{1} << (width - 1));
  if (expected == "nan:canonical") return magnitude == (exponent | quiet);
  if (expected == "nan:arithmetic") return (magnitude & (exponent | quiet)) == (exponent | quiet);
  return bits == parse_float(expected, width);
}

struct Shape {
  unsigned lanes;
  unsigned width;
  bool floating;
};

std::optional<Shape> shape_of(std::string_view name) {
  if (name == "i8x16") return Shape{16, 8, false};
  if (name == "i16x8") return Shape{8, 16, false};
  if (name == "i32x4") return Shape{4, 32, false};
  if (name == "i64x2") return Shape{2, 64, false};
  if (name == "f32x4") return Shape{4, 32, true};
  if (name == "f64x2") return Shape{2, 64, true};
  return std::nullopt;
}

std::uint64_t lane(const Slot& slot, const Shape& shape, unsigned index) {
  std::uint64_t value = 0;
  std::memcpy(&value, reinterpret_cast<const char*>(&slot) + index * shape.width / 8,
              shape.width / 8);
  return value;
}

core::Result<Slot> parse_vector(const Node& node) {
  const auto shape = node.items.size() > 1 ? shape_of(node.items[1].text) : std::nullopt;
  if (!shape || node.items.size() != shape->lanes + 2) {
    return core::error(ErrorCode::Malformed, "malformed v128.const", node.line);
  }
  Slot slot;
  for (unsigned i = 0; i < shape->lanes; ++i) {
    const std::string& text = node.items[i + 2].text;
    const std::uint64_t bits =
        shape->floating ? parse_float(text, shape->width) : parse_integer(text);
    std::memcpy(reinterpret_cast<char*>(&slot) + i * shape->width / 8, &bits, shape->width / 8);
  }
  return slot;
}

ValueType null_type(std::string_view heap) {
  if (heap == "func") return ValueType::funcref;
  if (heap == "exn") return ValueType::exnref;
  if (heap == "nofunc") return ValueType::reference(HeapType::Kind::NoFunc, true);
  if (heap == "noextern") return ValueType::reference(HeapType::Kind::NoExtern, true);
  if (heap == "noexn") return ValueType::reference(HeapType::Kind::NoExn, true);
  return ValueType::externref;
}

bool matches_vector(const Value& value, const Node& expected) {
  const auto shape = expected.items.size() > 1 ? shape_of(expected.items[1].text) : std::nullopt;
  if (!shape || expected.items.size() != shape->lanes + 2) return false;
  for (unsigned i = 0; i < shape->lanes; ++i) {
    const std::uint64_t bits = lane(value.bits, *shape, i);
    const std::string& text = expected.items[i + 2].text;
    const std::uint64_t mask =
        shape->width == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << shape->width) - 1;
    if (shape->floating ? !matches_float(bits, text, shape->width)
                        : bits != (parse_integer(text) & mask)) {
      return false;
    }
  }
  return true;
}

bool matches_reference(const Value& value, const Node& expected, std::string_view head) {
  if (!value.type.is_reference()) return false;
  if (head == "ref.null") return value.bits.low == 0;
  if (value.bits.low == 0) return false;
  const HeapType::Kind heap = value.type.heap().kind();
  if (head == "ref.func") return heap == HeapType::Kind::Func || heap == HeapType::Kind::Defined;
  if (heap != HeapType::Kind::Extern) return false;
  return expected.items.size() < 2 || value.bits.low == parse_integer(expected.items[1].text) + 1;
}

}  // namespace

core::Result<Value> parse_argument(const Node& node) {
  const std::string_view head = node.head();
  const std::string_view text = node.items.size() > 1 ? node.items[1].text : std::string_view();
  if (head == "i32.const") return Value::from_i32(static_cast<std::uint32_t>(parse_integer(text)));
  if (head == "i64.const") return Value::from_i64(parse_integer(text));
  if (head == "f32.const") return Value{ValueType::f32, {parse_float(text, 32), 0}};
  if (head == "f64.const") return Value{ValueType::f64, {parse_float(text, 64), 0}};
  if (head == "v128.const") return Value{ValueType::v128, TRY(parse_vector(node))};
  if (head == "ref.null") return Value{null_type(text), {}};
  // The host's references are numbers; 0 is null, so theirs start at 1.
  if (head == "ref.extern") {
    return Value{ValueType::reference(HeapType::Kind::Extern, false), {parse_integer(text) + 1, 0}};
  }
  return core::error(ErrorCode::Unsupported, "unknown kind of argument", node.line);
}

core::Result<bool> matches(const Value& value, const Node& expected) {
  const std::string_view head = expected.head();
  const std::string_view text =
      expected.items.size() > 1 ? expected.items[1].text : std::string_view();
  if (head == "either") {
    for (std::size_t i = 1; i < expected.items.size(); ++i) {
      if (TRY(matches(value, expected.items[i]))) return true;
    }
    return false;
  }
  if (head == "i32.const") {
    return value.type == ValueType::i32 &&
           value.bits.low == static_cast<std::uint32_t>(parse_integer(text));
  }
  if (head == "i64.const") {
    return value.type == ValueType::i64 && value.bits.low == parse_integer(text);
  }
  if (head == "f32.const") {
    return value.type == ValueType::f32 && matches_float(value.bits.low, text, 32);
  }
  if (head == "f64.const") {
    return value.type == ValueType::f64 && matches_float(value.bits.low, text, 64);
  }
  if (head == "v128.const") return value.type == ValueType::v128 && matches_vector(value, expected);
  if (head == "ref.null" || head == "ref.func" || head == "ref.extern") {
    return matches_reference(value, expected, head);
  }
  return core::error(ErrorCode::Unsupported, "unknown kind of expectation", expected.line);
}

std::string print(const Value& value) {
  char text[96];
  std::snprintf(text, sizeof(text), "%s 0x%llx:%llx", to_string(value.type).c_str(),
                static_cast<unsigned long long>(value.bits.high),
                static_cast<unsigned long long>(value.bits.low));
  return text;
}

}  // namespace merlon::spec
