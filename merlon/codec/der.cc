#include "merlon/codec/der.h"

namespace merlon::codec {

using core::ByteView;
using core::Result;
using core::Where;

bool DerReader::next_is(DerTag tag) const noexcept {
  return !at_end() && bytes_[offset_] == static_cast<std::uint8_t>(tag);
}

Result<DerElement> DerReader::any(Where where) noexcept {
  const ByteView rest = bytes_.subspan(offset_);
  if (rest.size() < 2) return malformed("DER ends too early", where);
  if ((rest[0] & 0x1FU) == 0x1FU) return malformed("DER tag of more than one byte", where);
  std::size_t header = 2;
  std::size_t length = rest[1];
  if (length == 0x80) return malformed("DER without a length", where);
  if (length > 0x80) {
    const std::size_t count = length & 0x7FU;
    if (count > 4 || rest.size() < 2 + count) return malformed("DER length too long", where);
    length = 0;
    for (std::size_t i = 0; i < count; ++i) length = length << 8U | rest[2 + i];
    const bool shortest = length >= 0x80 && length >> (8 * (count - 1)) != 0;
    if (!shortest) return malformed("DER length not in its shortest form", where);
    header += count;
  }
  if (length > rest.size() - header) return malformed("DER ends too early", where);
  offset_ += header + length;
  return DerElement{static_cast<DerTag>(rest[0]), rest.subspan(header, length),
                    rest.first(header + length)};
}

Result<DerElement> DerReader::element(DerTag tag, Where where) noexcept {
  if (!next_is(tag)) return malformed("another DER element than expected", where);
  return any(where);
}

Result<ByteView> DerReader::content(DerTag tag, Where where) noexcept {
  return TRY(element(tag, where)).content;
}

Result<DerReader> DerReader::enter(DerTag tag, Where where) noexcept {
  return DerReader(TRY(content(tag, where)));
}

namespace {

bool is_shortest_integer(ByteView bytes) noexcept {
  if (bytes.empty()) return false;
  if (bytes.size() == 1) return true;
  const std::uint8_t repeats_sign = (bytes[1] & 0x80U) != 0 ? 0xFF : 0x00;
  return bytes[0] != repeats_sign;
}

}  // namespace

Result<ByteView> DerReader::integer(Where where) noexcept {
  const ByteView bytes = TRY(content(DerTag::Integer, where));
  if (!is_shortest_integer(bytes)) return malformed("INTEGER not in its shortest form", where);
  return bytes;
}

Result<std::uint64_t> DerReader::number(DerTag tag, Where where) noexcept {
  const ByteView bytes = TRY(content(tag, where));
  if (!is_shortest_integer(bytes)) return malformed("INTEGER not in its shortest form", where);
  if ((bytes[0] & 0x80U) != 0) return malformed("INTEGER below zero", where);
  if (bytes.size() > 8) return malformed("INTEGER too large", where);
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8U | byte;
  return value;
}

Result<bool> DerReader::boolean(Where where) noexcept {
  const ByteView bytes = TRY(content(DerTag::Boolean, where));
  if (bytes.size() != 1 || (bytes[0] != 0 && bytes[0] != 0xFF)) {
    return malformed("no BOOLEAN", where);
  }
  return bytes[0] != 0;
}

Result<ByteView> DerReader::bit_string(Where where) noexcept {
  const ByteView bytes = TRY(content(DerTag::BitString, where));
  if (bytes.empty() || bytes[0] != 0) return malformed("no BIT STRING of whole bytes", where);
  return bytes.subspan(1);
}

Result<std::uint16_t> DerReader::named_bits(Where where) noexcept {
  const ByteView bytes = TRY(content(DerTag::BitString, where));
  if (bytes.empty() || bytes.size() > 3 || bytes[0] > 7) return malformed("no named bits", where);
  if (bytes.size() == 1) {
    if (bytes[0] != 0) return malformed("no named bits", where);
    return std::uint16_t{0};
  }
  if ((bytes.back() & ((1U << bytes[0]) - 1)) != 0) {
    return malformed("named bits with bits beyond the last", where);
  }
  std::uint16_t bits = 0;
  for (std::size_t i = 0; i < (bytes.size() - 1) * 8; ++i) {
    if ((std::uint32_t{bytes[1 + i / 8]} >> (7 - i % 8) & 1U) != 0) {
      bits = static_cast<std::uint16_t>(bits | 1U << i);
    }
  }
  return bits;
}

Result<ByteView> DerReader::oid(Where where) noexcept {
  const ByteView bytes = TRY(content(DerTag::ObjectIdentifier, where));
  bool first = true;  // of an arc: it must not begin with a zero
  for (const std::uint8_t byte : bytes) {
    if (first && byte == 0x80)
      return malformed("object identifier not in its shortest form", where);
    first = (byte & 0x80U) == 0;
  }
  if (bytes.empty() || !first) return malformed("object identifier ends too early", where);
  return bytes;
}

Result<UnixTime> DerReader::time(Where where) noexcept {
  constexpr std::int64_t year_2050 = 2'524'608'000;
  if (next_is(DerTag::UtcTime)) {
    return parse_utc_time(core::as_text(TRY(content(DerTag::UtcTime, where))));
  }
  const ByteView text = TRY(content(DerTag::GeneralizedTime, where));
  const UnixTime time = TRY(parse_generalized_time(core::as_text(text)));
  if (time.seconds < year_2050) return malformed("GeneralizedTime before 2050", where);
  return time;
}

Result<void> DerReader::finish(Where where) const noexcept {
  if (!at_end()) return malformed("more DER than expected", where);
  return {};
}

Result<DerElement> der_whole(ByteView bytes, DerTag tag) noexcept {
  DerReader reader(bytes);
  const DerElement element = TRY(reader.element(tag));
  TRY(reader.finish());
  return element;
}

}  // namespace merlon::codec
