#pragma once

// Byte strings of a fixed size, each meaning its own type: a signer is not a code hash.

#include <algorithm>
#include <array>
#include <compare>

#include "merlon/core/reader.h"

namespace merlon::core {

/// `size` bytes whose meaning is `Tag`. Zero when default-made. Comparing takes no secrets.
template <typename Tag, std::size_t Size>
class FixedBytes {
 public:
  static constexpr std::size_t size = Size;

  constexpr FixedBytes() noexcept = default;

  /// Malformed unless `bytes` has exactly `size` bytes.
  [[nodiscard]] static constexpr Result<FixedBytes> from(ByteView bytes,
                                                         Where where = Where::here()) noexcept {
    if (bytes.size() != Size) {
      return Error{ErrorCode::Malformed, "a byte string of another size", bytes.size(), where};
    }
    FixedBytes made;
    std::copy(bytes.begin(), bytes.end(), made.bytes_.begin());
    return made;
  }

  /// The next `size` bytes of `reader`.
  [[nodiscard]] static constexpr Result<FixedBytes> read(Reader& reader,
                                                         Where where = Where::here()) noexcept {
    return from(TRY(reader.bytes(Size, where)), where);
  }

  [[nodiscard]] constexpr ByteView view() const noexcept { return bytes_; }
  [[nodiscard]] constexpr bool is_zero() const noexcept {
    return std::ranges::all_of(bytes_, [](std::uint8_t byte) { return byte == 0; });
  }

  friend constexpr bool operator==(const FixedBytes&, const FixedBytes&) noexcept = default;
  friend constexpr auto operator<=>(const FixedBytes&, const FixedBytes&) noexcept = default;

 private:
  std::array<std::uint8_t, Size> bytes_{};
};

}  // namespace merlon::core
