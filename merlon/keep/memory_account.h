#pragma once

// One limit for all memory that a workload makes grow: what the engine takes for it, the files that
// it writes, and its connections that speak TLS.

#include "merlon/base/budget.h"
#include "merlon/wasm/exec/budget.h"

namespace merlon::keep {

class MemoryAccount final : public base::Budget {
 public:
  explicit MemoryAccount(std::uint64_t limit) noexcept : limit_(limit), engine_(limit) {}

  [[nodiscard]] bool take(std::uint64_t bytes) override { return engine_.take_memory(bytes); }
  void give_back(std::uint64_t bytes) noexcept override { engine_.give_back_memory(bytes); }

  [[nodiscard]] std::uint64_t limit() const noexcept { return limit_; }

  /// For the store, which outlives neither this nor the files.
  [[nodiscard]] wasm::MemoryBudget& engine() noexcept { return engine_; }

 private:
  std::uint64_t limit_;
  wasm::MemoryBudget engine_;
};

}  // namespace merlon::keep
