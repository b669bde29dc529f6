#pragma once

// CBOR as attestation tokens use it [RFC8949]: definite lengths and shortest arguments alone, which
// [§4.2.1] calls deterministic. What is read is attacker-controlled, and nothing is allocated.

#include <cstdint>
#include <string_view>
#include <vector>

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
  [[nodiscard]] core::Result<bool> boolean();
  /// Passes over one item with all that is in it, whatever it is; linear in its size.
  [[nodiscard]] core::Result<void> skip();
  [[nodiscard]] bool at_end() const noexcept { return reader_.remaining() == 0; }

 private:
  core::Result<std::uint64_t> argument(CborMajor major);
  core::Result<void> skip_simple();

  core::Reader reader_;
};

/// Writes one item after the other. That as many follow as an array or map announces, and a map's
/// labels in their order, is the caller's duty.
class CborWriter {
 public:
  void unsigned_number(std::uint64_t value) { argument(CborMajor::Unsigned, value); }
  /// The number -1 - `value`.
  void negative_number(std::uint64_t value) { argument(CborMajor::Negative, value); }
  void array(std::uint64_t items) { argument(CborMajor::Array, items); }
  void map(std::uint64_t pairs) { argument(CborMajor::Map, pairs); }
  void bytes(core::ByteView value);
  void text(std::string_view value);  ///< UTF-8, by the caller's word
  void boolean(bool value);

  [[nodiscard]] const std::vector<std::uint8_t>& result() const noexcept { return out_; }

 private:
  void argument(CborMajor major, std::uint64_t value);

  std::vector<std::uint8_t> out_;
};

}  // namespace merlon::codec
