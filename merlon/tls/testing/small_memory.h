#pragma once

// For tests: so much memory and no more.

#include "merlon/base/budget.h"

namespace merlon::tls::testing {

class SmallMemory final : public base::Budget {
 public:
  explicit SmallMemory(std::uint64_t bytes) noexcept : left(bytes) {}
  bool take(std::uint64_t bytes) override {
    if (bytes > left) return false;
    left -= bytes;
    return true;
  }
  void give_back(std::uint64_t bytes) noexcept override { left += bytes; }

  std::uint64_t left;
};

}  // namespace merlon::tls::testing
