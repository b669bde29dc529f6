#pragma once

// Which translations the processor may still remember and must forget, because their pages now
// allow something else. A few are forgotten one by one: where ring 0 is emulated that costs 7 us
// for each, and all at once 55 to 75 us and a walk over every table. Freestanding.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace merlon::shim::x86 {

class StaleTranslations {
 public:
  static constexpr std::size_t most = 6;

  /// The translation of the page, small or large, at `address`.
  constexpr void add(std::uint64_t address) noexcept {
    if (count_ < most) pages_[count_] = address;
    ++count_;
  }
  /// Every translation; tables that are no longer tables need this.
  constexpr void add_all() noexcept { count_ = most + 1; }

  [[nodiscard]] constexpr bool are_all() const noexcept { return count_ > most; }
  /// Those to forget, unless are_all().
  [[nodiscard]] constexpr std::span<const std::uint64_t> pages() const noexcept {
    return std::span(pages_).first(are_all() ? 0 : count_);
  }
  constexpr void clear() noexcept { count_ = 0; }

 private:
  std::array<std::uint64_t, most> pages_{};
  std::size_t count_ = 0;
};

}  // namespace merlon::shim::x86
