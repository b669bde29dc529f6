#pragma once

// Private to the room: structures of the processor's, which have one size each and hold zeros
// wherever nothing stands.

#include <algorithm>
#include <array>
#include <concepts>

#include "merlon/core/reader.h"

namespace merlon::sgx {

/// Writes into an array of its own; what is not written stays zero. The caller stays within `Size`.
template <std::size_t Size>
class FixedWriter {
 public:
  template <std::unsigned_integral T>
  void little(T value) noexcept {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      bytes_[at_++] = static_cast<std::uint8_t>(value >> (8 * i));
    }
  }
  void bytes(core::ByteView view) noexcept {
    std::ranges::copy(view, bytes_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ += view.size();
  }
  void skip(std::size_t count) noexcept { at_ += count; }
  [[nodiscard]] const std::array<std::uint8_t, Size>& result() const noexcept { return bytes_; }

 private:
  std::array<std::uint8_t, Size> bytes_{};
  std::size_t at_ = 0;
};

/// `count` reserved bytes; Malformed with `what`, and where, if one is not zero.
[[nodiscard]] inline core::Result<void> read_zeros(core::Reader& reader, std::size_t count,
                                                   const char* what) noexcept {
  const std::size_t offset = reader.offset();
  const core::ByteView bytes = TRY(reader.bytes(count));
  if (std::ranges::any_of(bytes, [](std::uint8_t byte) { return byte != 0; })) {
    return core::error(core::ErrorCode::Malformed, what, offset);
  }
  return {};
}

}  // namespace merlon::sgx
