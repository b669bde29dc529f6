#pragma once

// Which descriptors a keep holds, so that the host cannot hand one out twice. Freestanding.

#include <array>
#include <cstddef>
#include <cstdint>

#include "merlon/sallyport/item.h"

namespace merlon::sallyport {

class DescriptorSet {
 public:
  [[nodiscard]] bool holds(std::uint64_t number) const noexcept {
    return number < max_descriptors && (words_[number / 64] >> (number % 64) & 1U) != 0;
  }
  /// `number` is smaller than max_descriptors.
  void add(std::uint64_t number) noexcept { words_[number / 64] |= bit(number); }
  [[nodiscard]] bool operator==(const DescriptorSet&) const noexcept = default;
  void remove(std::uint64_t number) noexcept { words_[number / 64] &= ~bit(number); }

 private:
  [[nodiscard]] static std::uint64_t bit(std::uint64_t number) noexcept {
    return std::uint64_t{1} << (number % 64);
  }

  std::array<std::uint64_t, max_descriptors / 64> words_{};
};

}  // namespace merlon::sallyport
