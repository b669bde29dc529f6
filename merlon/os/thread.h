#pragma once

// One more thread of this process.

#include <pthread.h>
#include <sched.h>

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

/// Processors that the calling thread may run on; none if the kernel does not say.
class Processors {
 public:
  [[nodiscard]] static Processors usable() noexcept;
  /// The number of the one that runs the calling thread now; -1 if the kernel does not say.
  [[nodiscard]] static int current() noexcept;

  [[nodiscard]] int count() const noexcept { return CPU_COUNT(&set_); }
  /// Has the calling thread run on these, but not on `number` if there is another.
  void run_here_but_for(int number) const noexcept;

 private:
  ::cpu_set_t set_{};
};

}  // namespace merlon::os
