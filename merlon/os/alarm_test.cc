#include "merlon/os/alarm.h"

#include <atomic>
#include <csignal>

#include <gtest/gtest.h>
#include <unistd.h>

namespace merlon::os {
namespace {

using namespace std::chrono_literals;

struct Counter {
  std::atomic<int> rings{0};
  static void ring(void* self) noexcept { ++static_cast<Counter*>(self)->rings; }
};

TEST(Alarm, RingsAgainAndAgainAndEndsWaits) {
  Counter counter;
  const auto alarm = Alarm::start(1ms, 1ms, &Counter::ring, &counter);
  ASSERT_TRUE(alarm.has_value());
  while (counter.rings < 3) {
    EXPECT_EQ(::pause(), -1);
    EXPECT_EQ(last_errno(), Errno::Intr);
  }
}

TEST(Alarm, ZeroRingsAtOnce) {
  Counter counter;
  const auto alarm = Alarm::start(0ns, 1s, &Counter::ring, &counter);
  ASSERT_TRUE(alarm.has_value());
  while (counter.rings == 0) ::usleep(100);
}

TEST(Alarm, IsSilentOnceDropped) {
  Counter counter;
  {
    const auto alarm = Alarm::start(1ms, 1ms, &Counter::ring, &counter);
  }
  const int rings = counter.rings;
  ::usleep(5000);
  EXPECT_EQ(counter.rings, rings);
}

TEST(Alarm, SignalsOfOthersDoNotRing) {
  Counter counter;
  const auto alarm = Alarm::start(1h, 1h, &Counter::ring, &counter);
  ASSERT_TRUE(alarm.has_value());
  ASSERT_EQ(::kill(::getpid(), SIGALRM), 0);
  EXPECT_EQ(counter.rings, 0);
}

}  // namespace
}  // namespace merlon::os
