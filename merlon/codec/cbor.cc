#include "merlon/codec/cbor.h"

#include <algorithm>

namespace merlon::codec {

using core::ErrorCode;
using core::Result;

namespace {

constexpr std::uint8_t simple_false = 0xF4;
constexpr std::uint8_t simple_true = 0xF5;

}  // namespace

Result<CborMajor> CborReader::peek() const noexcept {
  core::Reader ahead = reader_;
  return static_cast<CborMajor>(TRY(ahead.u8()) >> 5U);
}

Result<std::uint64_t> CborReader::argument(CborMajor major) {
  const std::size_t start = reader_.offset();
  const std::uint8_t first = TRY(reader_.u8());
  if (first >> 5U != static_cast<unsigned>(major)) {
    return core::error(ErrorCode::Malformed, "another kind of CBOR item than expected", start);
  }
  const unsigned additional = first & 0x1FU;
  if (additional < 24) return std::uint64_t{additional};
  if (additional > 27) {
    return core::error(ErrorCode::Malformed, "CBOR of indefinite length", start);
  }
  const unsigned size = 1U << (additional - 24U);
  std::uint64_t value = 0;
  for (const std::uint8_t byte : TRY(reader_.bytes(size))) value = value << 8U | byte;
  const bool shortest = size == 1 ? value >= 24 : value >> (size * 4U) != 0;
  if (!shortest) {
    return core::error(ErrorCode::Malformed, "a CBOR argument is longer than it needs to be",
                       start);
  }
  return value;
}

Result<std::uint64_t> CborReader::unsigned_number() { return argument(CborMajor::Unsigned); }
Result<std::uint64_t> CborReader::negative_number() { return argument(CborMajor::Negative); }
Result<std::uint64_t> CborReader::tag() { return argument(CborMajor::Tag); }
Result<std::uint64_t> CborReader::array() { return argument(CborMajor::Array); }
Result<std::uint64_t> CborReader::map() { return argument(CborMajor::Map); }

Result<core::ByteView> CborReader::bytes() {
  const std::uint64_t size = TRY(argument(CborMajor::Bytes));
  if (size > reader_.remaining()) {
    return core::error(ErrorCode::Malformed, "CBOR ends in the middle", reader_.offset());
  }
  return reader_.bytes(static_cast<std::size_t>(size));
}

Result<std::string_view> CborReader::text() {
  const std::uint64_t size = TRY(argument(CborMajor::Text));
  if (size > reader_.remaining()) {
    return core::error(ErrorCode::Malformed, "CBOR ends in the middle", reader_.offset());
  }
  return core::as_text(TRY(reader_.bytes(static_cast<std::size_t>(size))));
}

Result<bool> CborReader::boolean() {
  const std::size_t start = reader_.offset();
  const std::uint8_t byte = TRY(reader_.u8());
  if (byte != simple_false && byte != simple_true) {
    return core::error(ErrorCode::Malformed, "another kind of CBOR item than expected", start);
  }
  return byte == simple_true;
}

Result<void> CborReader::skip() {
  // Each item has a byte at least, so more can never be due than bytes are left.
  for (std::uint64_t due = 1; due > 0;) {
    --due;
    const CborMajor major = TRY(peek());
    std::uint64_t inner = 0;  // items that belong to this one
    switch (major) {
      case CborMajor::Unsigned:
      case CborMajor::Negative: TRY(argument(major)); break;
      case CborMajor::Bytes: TRY(bytes()); break;
      case CborMajor::Text: TRY(text()); break;
      case CborMajor::Tag:
        TRY(tag());
        inner = 1;
        break;
      case CborMajor::Array: inner = TRY(array()); break;
      case CborMajor::Map:
        inner = std::min<std::uint64_t>(TRY(map()), reader_.remaining() + 1) * 2;
        break;
      case CborMajor::Simple: TRY(skip_simple()); break;
    }
    if (inner > reader_.remaining() || due > reader_.remaining() - inner) {
      return core::error(ErrorCode::Malformed, "CBOR ends in the middle", reader_.offset());
    }
    due += inner;
  }
  return {};
}

/// false, true, null, undefined, a simple value of its own byte, or a float.
Result<void> CborReader::skip_simple() {
  const std::size_t start = reader_.offset();
  const unsigned additional = TRY(reader_.u8()) & 0x1FU;
  if (additional > 27) {
    return core::error(ErrorCode::Malformed, "CBOR of indefinite length", start);
  }
  if (additional < 24) return {};
  const auto value = TRY(reader_.bytes(std::size_t{1} << (additional - 24U)));
  if (additional == 24 && value[0] < 32) {
    return core::error(ErrorCode::Malformed, "a simple value longer than it needs to be", start);
  }
  return {};
}

void CborWriter::argument(CborMajor major, std::uint64_t value) {
  const auto first = static_cast<std::uint8_t>(static_cast<unsigned>(major) << 5U);
  if (value < 24) {
    out_.push_back(static_cast<std::uint8_t>(first | value));
    return;
  }
  unsigned size = 1;
  std::uint8_t additional = 24;
  while (size < 8 && value >> (8U * size) != 0) {
    size *= 2;
    ++additional;
  }
  out_.push_back(static_cast<std::uint8_t>(first | additional));
  for (unsigned i = size; i > 0; --i) {
    out_.push_back(static_cast<std::uint8_t>(value >> (8U * (i - 1))));
  }
}

void CborWriter::bytes(core::ByteView value) {
  argument(CborMajor::Bytes, value.size());
  out_.insert(out_.end(), value.begin(), value.end());
}

void CborWriter::text(std::string_view value) {
  argument(CborMajor::Text, value.size());
  out_.insert(out_.end(), value.begin(), value.end());
}

void CborWriter::boolean(bool value) { out_.push_back(value ? simple_true : simple_false); }

}  // namespace merlon::codec
