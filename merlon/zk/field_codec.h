#pragma once

// Texts and numbers as provers and verifiers write them [FIAT-SHAMIR §codecs]: each has one form.
// For fields of other protocols than P-256's, whose numbers P256Scalar reads. Pure; any thread.
// Bytes may be anybody's.

#include <array>
#include <optional>
#include <vector>

#include "merlon/core/reader.h"

namespace merlon::zk {

/// A number below 2²⁵⁶, least significant byte first.
using FieldNumber = std::array<std::uint8_t, 32>;

class FieldCodec {
 public:
  /// Of the integers modulo `modulus`, which is at least 2.
  explicit FieldCodec(const FieldNumber& modulus);

  /// How many bytes each number takes.
  [[nodiscard]] std::size_t width() const noexcept { return width_; }
  /// Nothing if it is not below the modulus.
  [[nodiscard]] std::optional<std::vector<std::uint8_t>> encode(const FieldNumber& number) const;
  /// Malformed: too short, or not below the modulus.
  [[nodiscard]] core::Result<FieldNumber> decode(core::Reader& reader) const;
  /// The rest of a number of width() + 16 bytes; Malformed for another size. For public numbers.
  [[nodiscard]] core::Result<FieldNumber> reduce(core::ByteView bytes) const;

 private:
  FieldNumber modulus_;
  std::size_t width_;
};

/// Its length in 4 bytes, least significant first, in front.
[[nodiscard]] std::vector<std::uint8_t> encode_string(core::ByteView text);
/// Malformed: shorter than it says.
[[nodiscard]] core::Result<core::ByteView> decode_string(core::Reader& reader);

}  // namespace merlon::zk
