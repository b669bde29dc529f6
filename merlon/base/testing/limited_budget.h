#pragma once

// For tests: so many bytes and no more. Header only.

#include <cstdint>

#include "merlon/base/budget.h"

namespace merlon::base::testing {

class LimitedBudget final : public Budget {
 public:
  static constexpr std::uint64_t plenty = std::uint64_t{256} << 20U;

  explicit LimitedBudget(std::uint64_t bytes = plenty) noexcept : left(bytes) {}
  bool take(std::uint64_t bytes) override {
    if (bytes > left) return false;
    left -= bytes;
    return true;
  }
  void give_back(std::uint64_t bytes) noexcept override { left += bytes; }

  std::uint64_t left;
};

}  // namespace merlon::base::testing
