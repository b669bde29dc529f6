#include "merlon/os/signals.h"

#include <array>

#include <gtest/gtest.h>

#include "merlon/os/poll.h"

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

TEST(SignalFile, IsReadableWhileOneWaits) {
  const auto file = SignalFile::open({SIGUSR1});
  ASSERT_TRUE(file);
  EXPECT_FALSE(file->take());
  ::raise(SIGUSR1);
  std::array<PollItem, 1> items{{{file->fd().number(), POLLIN, 0}}};
  EXPECT_EQ(poll(items, 10s).value(), 1U);
  EXPECT_EQ(file->take(), SIGUSR1);
  EXPECT_FALSE(file->take());
}

}  // namespace
}  // namespace merlon::os
