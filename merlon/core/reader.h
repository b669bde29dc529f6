#pragma once

// The one way to take foreign bytes apart: a cursor that never reads outside its view.

#include <bit>
#include <cstring>
#include <type_traits>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"

namespace merlon::core {

/// A bounds-checked cursor over attacker-controlled bytes.
///
/// Every read either yields a value and moves on, or leaves the cursor and gives Malformed with
/// the offset as `detail`. Views returned borrow from the view given at construction.
class Reader {
 public:
  constexpr explicit Reader(ByteView bytes) noexcept : bytes_(bytes) {}

  [[nodiscard]] constexpr std::size_t offset() const noexcept { return offset_; }
  [[nodiscard]] constexpr std::size_t remaining() const noexcept { return bytes_.size() - offset_; }
  [[nodiscard]] constexpr bool at_end() const noexcept { return remaining() == 0; }

  /// The next `count` bytes, borrowed.
  [[nodiscard]] constexpr Result<ByteView> bytes(std::size_t count,
                                                 Where where = Where::here()) noexcept {
    if (count > remaining()) return truncated(where);
    const ByteView view = bytes_.subspan(offset_, count);
    offset_ += count;
    return view;
  }

  [[nodiscard]] constexpr Result<void> skip(std::size_t count,
                                            Where where = Where::here()) noexcept {
    if (count > remaining()) return truncated(where);
    offset_ += count;
    return {};
  }

  /// An unsigned integer of sizeof(T) bytes, least significant byte first.
  template <typename T>
    requires std::is_unsigned_v<T>
  [[nodiscard]] Result<T> little(Where where = Where::here()) noexcept {
    static_assert(std::endian::native == std::endian::little);
    if (sizeof(T) > remaining()) return truncated(where);
    T value{};
    std::memcpy(&value, bytes_.data() + offset_, sizeof(T));
    offset_ += sizeof(T);
    return value;
  }

  [[nodiscard]] Result<std::uint8_t> u8(Where where = Where::here()) noexcept {
    return little<std::uint8_t>(where);
  }
  [[nodiscard]] Result<std::uint16_t> u16(Where where = Where::here()) noexcept {
    return little<std::uint16_t>(where);
  }
  [[nodiscard]] Result<std::uint32_t> u32(Where where = Where::here()) noexcept {
    return little<std::uint32_t>(where);
  }
  [[nodiscard]] Result<std::uint64_t> u64(Where where = Where::here()) noexcept {
    return little<std::uint64_t>(where);
  }

 private:
  [[nodiscard]] constexpr Error truncated(Where where) const noexcept {
    return Error{ErrorCode::Malformed, "unexpected end", offset_, where};
  }

  ByteView bytes_;
  std::size_t offset_ = 0;
};

}  // namespace merlon::core
