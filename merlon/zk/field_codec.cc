#include "merlon/zk/field_codec.h"

#include <algorithm>

#include "merlon/base/byte_writer.h"

namespace merlon::zk {

using core::ByteView;
using core::Result;

namespace {

bool is_below(const FieldNumber& a, const FieldNumber& b) {
  return std::lexicographical_compare(a.rbegin(), a.rend(), b.rbegin(), b.rend());
}

void subtract(FieldNumber& a, const FieldNumber& b) {
  int borrow = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const int difference = int{a[i]} - b[i] - borrow;
    a[i] = static_cast<std::uint8_t>(difference);
    borrow = difference < 0 ? 1 : 0;
  }
}

/// 2·a + bit; whether it went beyond 256 bits.
bool shift_in(FieldNumber& a, unsigned bit) {
  unsigned carry = bit;
  for (std::uint8_t& byte : a) {
    const unsigned doubled = 2U * byte + carry;
    byte = static_cast<std::uint8_t>(doubled);
    carry = doubled >> 8U;
  }
  return carry != 0;
}

std::size_t width_of(const FieldNumber& modulus) {
  FieldNumber largest = modulus;
  subtract(largest, FieldNumber{1});
  const auto top = std::ranges::find_if(largest.rbegin(), largest.rend(),
                                        [](std::uint8_t byte) { return byte != 0; });
  return static_cast<std::size_t>(largest.rend() - top);
}

}  // namespace

FieldCodec::FieldCodec(const FieldNumber& modulus) : modulus_(modulus), width_(width_of(modulus)) {
  MERLON_CHECK(is_below(FieldNumber{1}, modulus));
}

std::optional<std::vector<std::uint8_t>> FieldCodec::encode(const FieldNumber& number) const {
  if (!is_below(number, modulus_)) return std::nullopt;
  return std::vector<std::uint8_t>(number.begin(),
                                   number.begin() + static_cast<std::ptrdiff_t>(width_));
}

Result<FieldNumber> FieldCodec::decode(core::Reader& reader) const {
  FieldNumber number{};
  std::ranges::copy(TRY(reader.bytes(width_)), number.begin());
  if (!is_below(number, modulus_)) {
    return core::error(core::ErrorCode::Malformed, "a number that is not below the modulus");
  }
  return number;
}

Result<FieldNumber> FieldCodec::reduce(ByteView bytes) const {
  if (bytes.size() != width_ + 16) {
    return core::error(core::ErrorCode::Malformed, "a number of another size", bytes.size());
  }
  FieldNumber rest{};
  for (std::size_t at = 8 * bytes.size(); at-- > 0;) {
    const bool beyond = shift_in(rest, (unsigned{bytes[at / 8]} >> (at % 8)) & 1U);
    if (beyond || !is_below(rest, modulus_)) subtract(rest, modulus_);
  }
  return rest;
}

std::vector<std::uint8_t> encode_string(ByteView text) {
  base::ByteWriter writer;
  writer.u32(static_cast<std::uint32_t>(text.size()));
  writer.bytes(text);
  return writer.take();
}

Result<ByteView> decode_string(core::Reader& reader) { return reader.bytes(TRY(reader.u32())); }

}  // namespace merlon::zk
