#include "merlon/os/clock.h"

#include <ctime>

#include <gtest/gtest.h>

namespace merlon::os {
namespace {

TEST(Clock, RealtimeIsSecondsSince1970) {
  const std::uint64_t seconds = now(Clock::Realtime).value() / 1'000'000'000U;
  EXPECT_NEAR(static_cast<double>(seconds), static_cast<double>(std::time(nullptr)), 2.0);
}

TEST(Clock, MonotonicAndProcessorTimeNeverGoBack) {
  for (const Clock clock : {Clock::Monotonic, Clock::ProcessCpu, Clock::ThreadCpu}) {
    std::uint64_t last = 0;
    for (int i = 0; i < 1000; ++i) {
      const std::uint64_t time = now(clock).value();
      EXPECT_GE(time, last);
      last = time;
    }
    EXPECT_GT(last, 0U);
  }
}

TEST(Clock, ResolutionIsNeverZero) {
  for (const Clock clock :
       {Clock::Realtime, Clock::Monotonic, Clock::ProcessCpu, Clock::ThreadCpu}) {
    EXPECT_GE(resolution(clock).value(), 1U);
  }
}

}  // namespace
}  // namespace merlon::os
