#include "merlon/os/thread.h"

#include <algorithm>
#include <csignal>

#include <gtest/gtest.h>

#include "merlon/os/testing/child.h"

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

TEST(Processors, ThereIsOneToRunOn) { EXPECT_GE(Processors::usable().count(), 1); }

TEST(Processors, AThreadLeavesTheOneThatItIsToldToIfThereIsAnother) {
  const auto ended = testing::in_child([] {
    const Processors usable = Processors::usable();
    const int before = Processors::current();
    usable.run_here_but_for(before);
    const bool left = Processors::current() != before;
    if (left != (usable.count() > 1)) return 1;
    if (Processors::usable().count() != std::max(usable.count() - 1, 1)) return 2;
    usable.run_here_but_for(-1);
    usable.run_here_but_for(1 << 20);
    return Processors::usable().count() == std::max(usable.count() - 1, 1) ? 42 : 3;
  });
  EXPECT_TRUE(ended.with(42)) << ended;
}

}  // namespace
}  // namespace merlon::os
