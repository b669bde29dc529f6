#pragma once

// What is costly to find out, and asked for by anybody: found out anew once in a while only, and by
// one at a time; the others get what was found last. Any thread.

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <type_traits>

namespace merlon::service {

template <typename T>
  requires std::is_copy_constructible_v<T>
class Seldom {
 public:
  using Clock = std::chrono::steady_clock;

  /// `pause` at least lies between two that find out, and so much more that finding out takes a
  /// twentieth of the time at most.
  explicit Seldom(Clock::duration pause, std::function<Clock::time_point()> now = &Clock::now)
      : pause_(pause), now_(std::move(now)) {}

  /// `find` gives a Result of T, whose error is given and not kept.
  template <typename Find>
  [[nodiscard]] auto get(const Find& find) -> std::invoke_result_t<Find> {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (kept_ && (is_finding_ || now_() < next_)) return *kept_;
      if (!is_finding_) break;
      found_.wait(lock);
    }
    is_finding_ = true;
    lock.unlock();
    const Ending ending{*this};
    const Clock::time_point begun = now_();
    auto found = find();
    if (found) {
      const Clock::time_point ended = now_();
      const std::scoped_lock again(mutex_);
      kept_ = *found;
      next_ = ended + std::max(pause_, 20 * (ended - begun));
    }
    return found;
  }

 private:
  /// Also where there was no memory for it: others must not wait for it for ever.
  struct Ending {
    Seldom& of;
    ~Ending() {
      const std::scoped_lock lock(of.mutex_);
      of.is_finding_ = false;
      of.found_.notify_all();
    }
  };

  const Clock::duration pause_;
  const std::function<Clock::time_point()> now_;
  std::mutex mutex_;  // of all below
  std::condition_variable found_;
  bool is_finding_ = false;
  std::optional<T> kept_;
  Clock::time_point next_{};
};

}  // namespace merlon::service
