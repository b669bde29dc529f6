#pragma once

// Distinguished encoding [X690 §10, §11]: definite and shortest lengths, one encoding of each
// value. Input is attacker-controlled. Nothing is copied; views borrow from the bytes given. Depth
// is the caller's: no call here descends by itself.

#include <cstdint>
#include <optional>

#include "merlon/codec/time.h"
#include "merlon/core/bytes.h"
#include "merlon/core/result.h"

namespace merlon::codec {

/// Identifier octets in use. Tag numbers above 30 are refused.
enum class DerTag : std::uint8_t {
  Boolean = 0x01,
  Integer = 0x02,
  BitString = 0x03,
  OctetString = 0x04,
  Null = 0x05,
  ObjectIdentifier = 0x06,
  Enumerated = 0x0A,
  Utf8String = 0x0C,
  PrintableString = 0x13,
  T61String = 0x14,
  Ia5String = 0x16,
  UtcTime = 0x17,
  GeneralizedTime = 0x18,
  BmpString = 0x1E,
  Sequence = 0x30,
  Set = 0x31,
};

/// The identifier octet [n], primitive or constructed.
[[nodiscard]] constexpr DerTag context_tag(std::uint8_t number, bool constructed) noexcept {
  return static_cast<DerTag>(0x80U | (constructed ? 0x20U : 0U) | number);
}

struct DerElement {
  DerTag tag = DerTag::Null;
  core::ByteView content;
  core::ByteView whole;  ///< with identifier and length
};

/// A cursor over a row of elements. Every error is Malformed, with the offset as its detail.
class DerReader {
 public:
  explicit DerReader(core::ByteView bytes) noexcept : bytes_(bytes) {}

  [[nodiscard]] bool at_end() const noexcept { return offset_ == bytes_.size(); }
  [[nodiscard]] std::size_t offset() const noexcept { return offset_; }
  /// Whether the next element has this tag; false at the end.
  [[nodiscard]] bool next_is(DerTag tag) const noexcept;

  [[nodiscard]] core::Result<DerElement> any(core::Where where = core::Where::here()) noexcept;
  [[nodiscard]] core::Result<DerElement> element(DerTag tag,
                                                 core::Where where = core::Where::here()) noexcept;
  [[nodiscard]] core::Result<core::ByteView> content(
      DerTag tag, core::Where where = core::Where::here()) noexcept;
  /// A reader over what is inside of the next element.
  [[nodiscard]] core::Result<DerReader> enter(DerTag tag,
                                              core::Where where = core::Where::here()) noexcept;

  /// Two's complement, shortest form, most significant byte first.
  [[nodiscard]] core::Result<core::ByteView> integer(
      core::Where where = core::Where::here()) noexcept;
  /// An INTEGER or ENUMERATED from 0 to 2^63 - 1.
  [[nodiscard]] core::Result<std::uint64_t> number(
      DerTag tag = DerTag::Integer, core::Where where = core::Where::here()) noexcept;
  [[nodiscard]] core::Result<bool> boolean(core::Where where = core::Where::here()) noexcept;
  /// A BIT STRING of whole bytes.
  [[nodiscard]] core::Result<core::ByteView> bit_string(
      core::Where where = core::Where::here()) noexcept;
  /// A BIT STRING of at most 16 named bits: bit 0 is the first. Trailing zeros may be written,
  /// against [X690 §11.2.2]: AMD's certificates do so.
  [[nodiscard]] core::Result<std::uint16_t> named_bits(
      core::Where where = core::Where::here()) noexcept;
  [[nodiscard]] core::Result<core::ByteView> oid(core::Where where = core::Where::here()) noexcept;
  /// UTCTime until 2049 and GeneralizedTime from 2050 on. [RFC5280 §4.1.2.5]
  [[nodiscard]] core::Result<UnixTime> time(core::Where where = core::Where::here()) noexcept;

  /// Malformed if there is more.
  [[nodiscard]] core::Result<void> finish(core::Where where = core::Where::here()) const noexcept;

 private:
  [[nodiscard]] core::Error malformed(const char* what, core::Where where) const noexcept {
    return core::Error{core::ErrorCode::Malformed, what, offset_, where};
  }

  core::ByteView bytes_;
  std::size_t offset_ = 0;
};

/// The one element that is all of `bytes`.
[[nodiscard]] core::Result<DerElement> der_whole(core::ByteView bytes, DerTag tag) noexcept;

}  // namespace merlon::codec
