#include "merlon/codec/cbor.h"

namespace merlon::codec {

using core::ErrorCode;
using core::Result;

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

}  // namespace merlon::codec
