#pragma once

// A cursor for the LEB128-coded bytes of a module [WASM 3.0 §5.2]. Unlike core::Reader it keeps
// the first error and goes on yielding zeros, so that the hot loops of the validator and the
// compiler test once per instruction instead of once per byte.

#include <cstring>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"

namespace merlon::wasm {

/// Reads attacker-controlled bytes; never outside of the view. Offsets are those of the file.
class Cursor {
 public:
  Cursor(core::ByteView bytes, std::size_t file_offset) noexcept
      : begin_(bytes.data()),
        position_(bytes.data()),
        end_(bytes.data() + bytes.size()),
        file_offset_(file_offset) {}

  [[nodiscard]] bool ok() const noexcept { return error_ == nullptr; }
  [[nodiscard]] bool at_end() const noexcept { return position_ == end_; }
  [[nodiscard]] std::size_t remaining() const noexcept {
    return static_cast<std::size_t>(end_ - position_);
  }
  /// Where the next byte lies in the file.
  [[nodiscard]] std::size_t offset() const noexcept {
    return file_offset_ + static_cast<std::size_t>(position_ - begin_);
  }
  [[nodiscard]] core::Error error() const noexcept {
    return core::Error{code_, error_ != nullptr ? error_ : "", error_offset_, where_};
  }

  /// Remembers the first failure; later reads yield zeros.
  void fail(const char* what, core::ErrorCode code = core::ErrorCode::Malformed,
            core::Where where = core::Where::here()) noexcept {
    if (error_ == nullptr) {
      error_ = what;
      error_offset_ = offset();
      code_ = code;
      where_ = where;
    }
    position_ = end_;
  }

  std::uint8_t u8() noexcept {
    if (position_ == end_) [[unlikely]] {
      fail("unexpected end");
      return 0;
    }
    return *position_++;
  }

  [[nodiscard]] std::uint8_t peek() const noexcept { return position_ == end_ ? 0 : *position_; }

  /// A uint32 in LEB128, at most five bytes, no set bits beyond the 32nd.
  std::uint32_t u32() noexcept {
    if (position_ != end_ && *position_ < 0x80) [[likely]]
      return *position_++;
    return static_cast<std::uint32_t>(unsigned_leb<32>());
  }
  std::uint64_t u64() noexcept {
    if (position_ != end_ && *position_ < 0x80) [[likely]]
      return *position_++;
    return unsigned_leb<64>();
  }
  std::int32_t s32() noexcept { return static_cast<std::int32_t>(signed_leb<32>()); }
  std::int64_t s33() noexcept { return signed_leb<33>(); }
  std::int64_t s64() noexcept { return signed_leb<64>(); }

  /// Little-endian bits of a float.
  std::uint32_t f32() noexcept { return fixed<std::uint32_t>(); }
  std::uint64_t f64() noexcept { return fixed<std::uint64_t>(); }

  /// The next `count` bytes, which are not taken; null where there are fewer.
  [[nodiscard]] const std::uint8_t* ahead(std::size_t count) const noexcept {
    return remaining() < count ? nullptr : position_;
  }
  /// Takes `count` bytes of what ahead() gave.
  void take(std::size_t count) noexcept { position_ += count; }

  core::ByteView bytes(std::size_t count) noexcept {
    if (count > remaining()) [[unlikely]] {
      fail("unexpected end");
      return {};
    }
    const core::ByteView view(position_, count);
    position_ += count;
    return view;
  }

  /// A count of things of which each takes at least one byte, at most `limit`.
  std::uint32_t count(std::uint32_t limit, const char* what) noexcept {
    const std::uint32_t value = u32();
    if (value > limit) {
      fail(what, core::ErrorCode::Exhausted);
      return 0;
    }
    if (value > remaining()) {
      fail("unexpected end: a count exceeds the bytes that are left");
      return 0;
    }
    return value;
  }

 private:
  template <typename T>
  T fixed() noexcept {
    if (remaining() < sizeof(T)) [[unlikely]] {
      fail("unexpected end");
      return 0;
    }
    T value{};
    std::memcpy(&value, position_, sizeof(T));
    position_ += sizeof(T);
    return value;
  }

  template <unsigned Bits>
  std::uint64_t unsigned_leb() noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < Bits; shift += 7) {
      if (position_ == end_) {
        fail("unexpected end");
        return 0;
      }
      const std::uint8_t byte = *position_++;
      value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if (byte < 0x80) {
        const unsigned used = Bits - shift;
        if (used < 7 && (byte >> used) != 0) fail("integer too large");
        return value;
      }
    }
    fail("integer representation too long");
    return 0;
  }

  template <unsigned Bits>
  std::int64_t signed_leb() noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < Bits; shift += 7) {
      if (position_ == end_) {
        fail("unexpected end");
        return 0;
      }
      const std::uint8_t byte = *position_++;
      value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if (byte < 0x80) return sign_extend<Bits>(value, byte, shift);
    }
    fail("integer representation too long");
    return 0;
  }

  template <unsigned Bits>
  std::int64_t sign_extend(std::uint64_t value, std::uint8_t last, unsigned shift) noexcept {
    const unsigned used = Bits - shift;
    if (used < 7) {
      // The bits beyond the value must repeat its sign.
      const std::uint8_t high = static_cast<std::uint8_t>((last & 0x7fU) >> (used - 1));
      const std::uint8_t all = static_cast<std::uint8_t>(0x7fU >> (used - 1));
      if (high != 0 && high != all) fail("integer too large");
    }
    const unsigned width = shift + 7;
    if (width < 64 && (last & 0x40U) != 0) value |= ~std::uint64_t{0} << width;
    return static_cast<std::int64_t>(value);
  }

  const std::uint8_t* begin_;
  const std::uint8_t* position_;
  const std::uint8_t* end_;
  std::size_t file_offset_;
  const char* error_ = nullptr;
  std::size_t error_offset_ = 0;
  core::ErrorCode code_ = core::ErrorCode::Malformed;
  core::Where where_{};
};

}  // namespace merlon::wasm
