#include "merlon/os/thread.h"

#include <csignal>

#include <gtest/gtest.h>

namespace merlon::os {
namespace {

TEST(Thread, IsJoinedWhenDropped) {
  int value = 0;
  {
    const auto thread =
        Thread::start([](void* at) noexcept { *static_cast<int*>(at) = 7; }, &value);
    ASSERT_TRUE(thread.has_value());
  }
  EXPECT_EQ(value, 7);
}

TEST(Thread, TakesNoSignals) {
  ::sigset_t mask{};
  {
    const auto thread = Thread::start(
        [](void* at) noexcept {
          ::pthread_sigmask(SIG_SETMASK, nullptr, static_cast<::sigset_t*>(at));
        },
        &mask);
    ASSERT_TRUE(thread.has_value());
  }
  EXPECT_EQ(::sigismember(&mask, SIGALRM), 1);
  EXPECT_EQ(::sigismember(&mask, SIGTERM), 1);
  ::sigset_t own{};
  ::pthread_sigmask(SIG_SETMASK, nullptr, &own);
  EXPECT_EQ(::sigismember(&own, SIGTERM), 0);
}

TEST(Thread, ThereIsAProcessorToRunOn) { EXPECT_GE(usable_processors(), 1); }

}  // namespace
}  // namespace merlon::os
