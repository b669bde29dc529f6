#pragma once

// Which numbers of the processor's random source are believed. Freestanding.

#include <cstdint>

namespace merlon::shim::linux {

/// Some processors have said "good" and given zeros (AMD-SB-7055), all ones (after sleep, some of
/// family 17h) or the same number again. A good source loses less than one in 2^62 by this.
class Randomness {
 public:
  /// Whether a number that the processor calls good is taken; each number is to be shown once.
  [[nodiscard]] constexpr bool takes(std::uint64_t value) noexcept {
    const bool repeated = value == last_;
    last_ = value;
    return value != 0 && value != ~std::uint64_t{0} && !repeated;
  }

 private:
  std::uint64_t last_ = 0;
};

/// A random number of the processor's own generator; the keep ends when that has run out.
[[nodiscard]] std::uint64_t hardware_random() noexcept;

/// Fills memory of the keep with such numbers; false if it may not write there.
[[nodiscard]] bool write_random(std::uint64_t address, std::uint64_t size) noexcept;

}  // namespace merlon::shim::linux
