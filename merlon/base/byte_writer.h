#pragma once

// The counterpart of core::Reader: builds the bytes of a format, least significant byte first.

#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "merlon/core/bytes.h"

namespace merlon::base {

/// Appends to a buffer of its own. Pure; one thread at a time.
class ByteWriter {
 public:
  template <std::unsigned_integral T>
  void little(std::type_identity_t<T> value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
  }
  void u8(std::uint8_t value) { bytes_.push_back(value); }
  void u16(std::uint16_t value) { little<std::uint16_t>(value); }
  void u32(std::uint32_t value) { little<std::uint32_t>(value); }
  void u64(std::uint64_t value) { little<std::uint64_t>(value); }
  void bytes(core::ByteView view) { bytes_.insert(bytes_.end(), view.begin(), view.end()); }
  void text(std::string_view view) { bytes(core::as_bytes(view)); }

  /// So that what is written, if it is a secret, does not leave parts behind while it grows.
  void reserve(std::size_t size) { bytes_.reserve(size); }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  /// What was written; the writer is empty afterwards.
  [[nodiscard]] std::vector<std::uint8_t> take() noexcept { return std::exchange(bytes_, {}); }

 private:
  std::vector<std::uint8_t> bytes_;
};

}  // namespace merlon::base
