#pragma once

// The time of an attested keep. Its host's clock is a hint: a host that sets it back would have old
// certificates and lists hold for ever. So it counts only from a floor on, the newest time that
// somebody has answered for with a signature or a measurement, and never goes back.

#include "merlon/wasi/clock_source.h"

namespace merlon::keep {

/// The month in which this program was made, 2026-11, in nanoseconds since 1970; it is measured
/// with it.
inline constexpr wasi::Timestamp made_at = 1'793'491'200'000'000'000;

class FlooredClocks final : public wasi::ClockSource {
 public:
  /// `host` outlives it.
  explicit FlooredClocks(wasi::ClockSource& host) noexcept : host_(&host) {}

  /// It is at least this time: a certificate begins, a list was issued, a Steward has answered.
  void raise(wasi::Timestamp known) noexcept {
    if (known > latest_) latest_ = known;
  }

  [[nodiscard]] wasi::Result<wasi::Timestamp> now(wasi::ClockId clock) override;
  [[nodiscard]] wasi::Result<wasi::Timestamp> resolution(wasi::ClockId clock) override {
    return host_->resolution(clock);
  }

 private:
  wasi::ClockSource* host_;
  wasi::Timestamp latest_ = made_at;  ///< of the realtime clock, as it was told last
};

}  // namespace merlon::keep
