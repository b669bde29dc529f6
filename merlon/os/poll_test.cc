#include "merlon/os/poll.h"

#include <array>
#include <thread>

#include <gtest/gtest.h>

#include "merlon/os/clock.h"

namespace merlon::os {
namespace {

using std::chrono::milliseconds;

TEST(Poll, ReturnsNothingWhenTheTimeIsOver) {
  const WakeUp bell = WakeUp::create().value();
  std::array items{PollItem{bell.fd().number(), POLLIN, 0}};
  const std::uint64_t before = now(Clock::Monotonic).value();
  EXPECT_EQ(poll(items, milliseconds(20)).value(), 0U);
  EXPECT_GE(now(Clock::Monotonic).value() - before, 20'000'000U);
}

TEST(Poll, WakesForABellRungByAnotherThreadAndStaysAwake) {
  const WakeUp bell = WakeUp::create().value();
  std::thread ringer([&] {
    std::this_thread::sleep_for(milliseconds(10));
    bell.ring();
  });
  std::array items{PollItem{bell.fd().number(), POLLIN, 0}};
  EXPECT_EQ(poll(items, std::nullopt).value(), 1U);
  EXPECT_EQ(poll(items, milliseconds(0)).value(), 1U);
  ringer.join();
}

TEST(Poll, SaysWhichItemIsNotOpen) {
  std::array items{PollItem{9999, POLLIN, 0}};
  EXPECT_EQ(poll(items, milliseconds(0)).value(), 1U);
  EXPECT_EQ(items[0].revents, POLLNVAL);
}

}  // namespace
}  // namespace merlon::os
