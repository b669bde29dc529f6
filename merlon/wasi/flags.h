#pragma once

// Typed bit sets: rights cannot be mixed up with open flags.

#include <concepts>

namespace merlon::wasi {

/// A set of bits of one kind. `Tag` only tells kinds apart.
template <typename Tag, std::unsigned_integral Bits>
class Flags {
 public:
  constexpr Flags() noexcept = default;
  constexpr explicit Flags(Bits bits) noexcept : bits_(bits) {}

  [[nodiscard]] constexpr Bits bits() const noexcept { return bits_; }
  [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }
  /// All of `other` are in this set.
  [[nodiscard]] constexpr bool has(Flags other) const noexcept {
    return (bits_ & other.bits_) == other.bits_;
  }
  [[nodiscard]] constexpr bool has_any(Flags other) const noexcept {
    return (bits_ & other.bits_) != 0;
  }
  [[nodiscard]] constexpr Flags without(Flags other) const noexcept {
    return Flags(static_cast<Bits>(bits_ & static_cast<Bits>(~other.bits_)));
  }
  [[nodiscard]] friend constexpr Flags operator|(Flags a, Flags b) noexcept {
    return Flags(static_cast<Bits>(a.bits_ | b.bits_));
  }
  [[nodiscard]] friend constexpr Flags operator&(Flags a, Flags b) noexcept {
    return Flags(static_cast<Bits>(a.bits_ & b.bits_));
  }
  friend constexpr bool operator==(Flags, Flags) noexcept = default;

 private:
  Bits bits_ = 0;
};

}  // namespace merlon::wasi
