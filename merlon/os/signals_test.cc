#include "merlon/os/signals.h"

#include <gtest/gtest.h>

namespace merlon::os {
namespace {

using namespace std::chrono_literals;

TEST(SignalQueue, HasWhatCameBeforeAnybodyWaited) {
  const SignalQueue queue{SIGUSR1, SIGUSR2};
  ::raise(SIGUSR2);
  EXPECT_EQ(queue.wait(10s), SIGUSR2);
}

TEST(SignalQueue, GivesUpWhenTheTimeIsOver) {
  const SignalQueue queue{SIGUSR1};
  EXPECT_FALSE(queue.wait(1ms).has_value());
  EXPECT_FALSE(queue.wait(-1ms).has_value());
}

TEST(SignalQueue, LeavesSignalsAsTheyWere) {
  {
    const SignalQueue queue{SIGUSR1};
  }
  ::sigset_t now{};
  ::pthread_sigmask(SIG_SETMASK, nullptr, &now);
  EXPECT_EQ(::sigismember(&now, SIGUSR1), 0);
}

}  // namespace
}  // namespace merlon::os
