#pragma once

// The time limit of one run. A guest that computes is stopped at its next loop or call, one that
// waits is woken; one that can be neither within a grace period is ended with the process.

#include <atomic>
#include <chrono>
#include <optional>

#include "merlon/core/result.h"
#include "merlon/os/alarm.h"
#include "merlon/wasi/context.h"
#include "merlon/wasm/exec/store.h"

namespace merlon::keep {

/// Not movable: a signal handler knows its address.
class Deadline {
 public:
  Deadline() = default;
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  /// Starts to count. Until watch(), the end of the limit ends the process.
  [[nodiscard]] core::Result<void> start(std::chrono::nanoseconds limit);

  /// What to stop; both must live until forget().
  void watch(wasm::Store& store, wasi::Context& context) noexcept;
  void forget() noexcept;

  [[nodiscard]] bool is_over() const noexcept { return rings_.load(std::memory_order_acquire) > 0; }

 private:
  static void ring(void* self) noexcept;

  std::atomic<wasm::Store*> store_{nullptr};
  std::atomic<wasi::Context*> context_{nullptr};
  std::atomic<int> rings_{0};
  std::optional<os::Alarm> alarm_;
};

}  // namespace merlon::keep
