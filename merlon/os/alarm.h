#pragma once

// A timer that interrupts: a function of ours runs in a signal handler, again and again.

#include <chrono>

#include "merlon/os/errno.h"

namespace merlon::os {

/// Rings after `first`, then every `interval`, until it is dropped; by SIGALRM, without SA_RESTART,
/// on the alternate stack if there is one. So calls that wait end with Intr. One at a time.
class Alarm {
 public:
  /// Must be async-signal-safe.
  using Ring = void (*)(void* argument) noexcept;

  /// `argument` must outlive the Alarm. A `first` of zero rings at once.
  [[nodiscard]] static Result<Alarm> start(std::chrono::nanoseconds first,
                                           std::chrono::nanoseconds interval, Ring ring,
                                           void* argument);

  Alarm(Alarm&& other) noexcept;
  Alarm& operator=(Alarm&&) = delete;
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;
  ~Alarm();

 private:
  struct Target;
  Alarm(int timer, Target* target) noexcept : timer_(timer), target_(target) {}

  int timer_ = 0;             ///< as the kernel numbers it
  Target* target_ = nullptr;  // owned
};

}  // namespace merlon::os
