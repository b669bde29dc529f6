#pragma once

// Where a guest's time comes from.

#include "merlon/wasi/failure.h"

namespace merlon::wasi {

/// Clocks in nanoseconds. Notsup for a clock that this source does not have.
class ClockSource {
 public:
  virtual ~ClockSource() = default;
  [[nodiscard]] virtual Result<Timestamp> now(ClockId clock) = 0;
  /// Never 0.
  [[nodiscard]] virtual Result<Timestamp> resolution(ClockId clock) = 0;
};

/// The kernel's clocks; realtime and monotonic cost no system call.
class SystemClocks final : public ClockSource {
 public:
  [[nodiscard]] Result<Timestamp> now(ClockId clock) override;
  [[nodiscard]] Result<Timestamp> resolution(ClockId clock) override;
};

}  // namespace merlon::wasi
