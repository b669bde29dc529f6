#pragma once

// One limit for all memory that a workload makes grow: what the engine takes for it, the files that
// it writes, and its connections that speak TLS.

#include "merlon/base/budget.h"
#include "merlon/wasm/exec/budget.h"

namespace merlon::keep {

/// As much of a budget as it may be, and no more.
class Part final : public base::Budget {
 public:
  Part(base::Budget& whole, std::uint64_t most) noexcept : whole_(whole), most_(most) {}

  [[nodiscard]] bool take(std::uint64_t bytes) override {
    if (bytes > most_ - taken_ || !whole_.take(bytes)) return false;
    taken_ += bytes;
    return true;
  }
  void give_back(std::uint64_t bytes) noexcept override {
    whole_.give_back(bytes);
    taken_ -= bytes;
  }

  [[nodiscard]] std::uint64_t most() const noexcept { return most_; }

 private:
  base::Budget& whole_;
  std::uint64_t most_;
  std::uint64_t taken_ = 0;
};

class MemoryAccount final : public base::Budget {
 public:
  explicit MemoryAccount(std::uint64_t limit) noexcept
      : limit_(limit), engine_(limit), connections_(*this, limit / 2) {}

  [[nodiscard]] bool take(std::uint64_t bytes) override { return engine_.take_memory(bytes); }
  void give_back(std::uint64_t bytes) noexcept override { engine_.give_back_memory(bytes); }

  [[nodiscard]] std::uint64_t limit() const noexcept { return limit_; }

  /// For what peers make a keep hold, however many there are: half of it, so that they leave the
  /// workload the other half.
  [[nodiscard]] Part& connections() noexcept { return connections_; }

  /// For the store, which outlives neither this nor the files.
  [[nodiscard]] wasm::MemoryBudget& engine() noexcept { return engine_; }

 private:
  std::uint64_t limit_;
  wasm::MemoryBudget engine_;
  Part connections_;
};

}  // namespace merlon::keep
