#pragma once

// What whoever started a guest does for himself while the guest waits.

#include <chrono>
#include <optional>
#include <vector>

#include "merlon/os/poll.h"

namespace merlon::wasi {

class Chore {
 public:
  virtual ~Chore() = default;

  /// For what to poll on its behalf.
  virtual void add_awaited(std::vector<os::PollItem>& items) const = 0;
  /// How long it may be left alone if nothing of that happens; nothing: for ever.
  [[nodiscard]] virtual std::optional<std::chrono::nanoseconds> rest() = 0;
  /// Goes on as far as it can without waiting. Called whenever a wait is over.
  virtual void work() = 0;
};

}  // namespace merlon::wasi
