#pragma once

// The clock that a keep goes by: its host's, and if it is attested not below what it knows.

#include "merlon/keep/floored_clocks.h"

namespace merlon::keep {

class Clocks {
 public:
  explicit Clocks(bool attested) noexcept : attested_(attested) {}
  Clocks(const Clocks&) = delete;
  Clocks& operator=(const Clocks&) = delete;

  [[nodiscard]] wasi::ClockSource& used() noexcept {
    if (attested_) return floored_;
    return host_;
  }
  /// It is at least this time, by the word of a Steward that has proved who it is.
  void raise(std::int64_t seconds) noexcept {
    if (seconds > 0) floored_.raise(static_cast<wasi::Timestamp>(seconds) * second);
  }
  /// Seconds since 1970.
  [[nodiscard]] std::int64_t now() {
    const auto now = used().now(wasi::ClockId::Realtime);
    return now.has_value() ? static_cast<std::int64_t>(*now / second) : 0;
  }

 private:
  static constexpr wasi::Timestamp second = 1'000'000'000;

  bool attested_;
  wasi::SystemClocks host_;
  FlooredClocks floored_{host_};
};

}  // namespace merlon::keep
