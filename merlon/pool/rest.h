#pragma once

// How long no more keeps of a kind are made after one could not be.

#include <algorithm>
#include <cstdint>

namespace merlon::pool {

/// One failure may be chance: somebody killed the process, or memory was short for a moment. So the
/// first rest is short, and each failure that follows it doubles the next one. Times are
/// nanoseconds of Clock::Monotonic.
class Rest {
 public:
  static constexpr std::uint64_t shortest = 50'000'000;
  static constexpr std::uint64_t longest = 10'000'000'000;

  void failed(std::uint64_t now) noexcept {
    until_ = now + next_;
    next_ = std::min(2 * next_, longest);
  }
  void succeeded() noexcept { next_ = shortest; }
  [[nodiscard]] bool holds(std::uint64_t now) const noexcept { return now < until_; }
  [[nodiscard]] std::uint64_t left(std::uint64_t now) const noexcept {
    return holds(now) ? until_ - now : 0;
  }

 private:
  std::uint64_t next_ = shortest;
  std::uint64_t until_ = 0;
};

}  // namespace merlon::pool
