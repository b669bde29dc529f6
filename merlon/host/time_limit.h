#pragma once

// How long a keep in this process may run: by its user's limit, or by what the keep asks for
// itself.

#include <chrono>
#include <cstdint>
#include <optional>

#include "merlon/os/alarm.h"

namespace merlon::host {

class TimeLimit {
 public:
  /// Says so and ends this process when the time is over, whatever the keep does or asks for. False
  /// if that cannot be.
  [[nodiscard]] bool limit(std::chrono::nanoseconds limit);
  /// Machine::set_timer(): the same at a keep's own wish. A limit that the user gave counts
  /// already, and a keep can neither lift it nor have a longer one.
  [[nodiscard]] bool set_timer(std::uint64_t first, std::uint64_t interval);

 private:
  [[nodiscard]] bool start(std::chrono::nanoseconds first, std::chrono::nanoseconds interval);

  std::optional<os::Alarm> timer_;
  bool is_limited_ = false;
};

}  // namespace merlon::host
