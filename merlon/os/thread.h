#pragma once

// One more thread of this process.

#include <pthread.h>

#include "merlon/os/errno.h"

namespace merlon::os {

/// Joined when dropped: whoever owns it tells it to end before.
class Thread {
 public:
  using Run = void (*)(void* argument) noexcept;

  /// Runs `run(argument)`; it takes no signals. Errors: Again (no more threads) · those of the
  /// kernel.
  [[nodiscard]] static Result<Thread> start(Run run, void* argument);

  Thread(Thread&& other) noexcept;
  Thread& operator=(Thread&&) = delete;
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  ~Thread();

 private:
  explicit Thread(::pthread_t thread) noexcept : thread_(thread), running_(true) {}

  ::pthread_t thread_;
  bool running_;
};

/// On how many processors this process may run; 1 if the kernel does not say.
[[nodiscard]] int usable_processors() noexcept;

}  // namespace merlon::os
