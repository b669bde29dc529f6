#pragma once

// CBOR as attestation tokens use it [RFC8949]: definite lengths and shortest arguments alone, which
// [§4.2.1] calls deterministic. Input is attacker-controlled; nothing is allocated.

#include <cstdint>
#include <string_view>

#include "merlon/core/bytes.h"
#include "merlon/core/reader.h"
#include "merlon/core/result.h"

namespace merlon::codec {

enum class CborMajor : std::uint8_t { Unsigned, Negative, Bytes, Text, Array, Map, Tag, Simple };

/// Reads one item after the other. Malformed for another kind of item than asked for, for an
/// argument that is longer than it needs to be or indefinite, and for what ends too early.
class CborReader {
 public:
  explicit CborReader(core::ByteView bytes) noexcept : reader_(bytes) {}

  /// What comes next; nothing is taken. Malformed at the end.
  [[nodiscard]] core::Result<CborMajor> peek() const noexcept;
  [[nodiscard]] core::Result<std::uint64_t> unsigned_number();
  /// Of a negative one: n, where the number is -1 - n.
  [[nodiscard]] core::Result<std::uint64_t> negative_number();
  [[nodiscard]] core::Result<std::uint64_t> tag();
  /// How many items follow that belong to it.
  [[nodiscard]] core::Result<std::uint64_t> array();
  /// How many pairs follow, each of them two items. That no label is there twice is for the caller.
  [[nodiscard]] core::Result<std::uint64_t> map();
  [[nodiscard]] core::Result<core::ByteView> bytes();   ///< borrowed
  [[nodiscard]] core::Result<std::string_view> text();  ///< borrowed; UTF-8 is not checked
  [[nodiscard]] bool at_end() const noexcept { return reader_.remaining() == 0; }

 private:
  core::Result<std::uint64_t> argument(CborMajor major);

  core::Reader reader_;
};

}  // namespace merlon::codec
