#include "merlon/keep/floored_clocks.h"

#include <gtest/gtest.h>

#include "merlon/wasi/testing/guest.h"

namespace merlon::keep {
namespace {

using wasi::ClockId;
using wasi::testing::FakeClocks;

TEST(FlooredClocks, NeverTellATimeBeforeTheKeepWasMade) {
  FakeClocks host;
  FlooredClocks clocks(host);
  host.time[ClockId::Realtime] = 0;
  EXPECT_EQ(clocks.now(ClockId::Realtime).value(), made_at);
  host.time[ClockId::Realtime] = made_at + 5;
  EXPECT_EQ(clocks.now(ClockId::Realtime).value(), made_at + 5);
}

TEST(FlooredClocks, NeverGoBack) {
  FakeClocks host;
  FlooredClocks clocks(host);
  host.time[ClockId::Realtime] = made_at + 100;
  EXPECT_EQ(clocks.now(ClockId::Realtime).value(), made_at + 100);
  host.time[ClockId::Realtime] = made_at + 50;
  EXPECT_EQ(clocks.now(ClockId::Realtime).value(), made_at + 100);
  clocks.raise(made_at + 200);
  EXPECT_EQ(clocks.now(ClockId::Realtime).value(), made_at + 200);
  clocks.raise(made_at + 150);
  EXPECT_EQ(clocks.now(ClockId::Realtime).value(), made_at + 200);
}

TEST(FlooredClocks, OtherClocksAreTheHosts) {
  FakeClocks host;
  FlooredClocks clocks(host);
  for (const ClockId clock : {ClockId::Monotonic, ClockId::ProcessCputimeId}) {
    host.time[clock] = 7;
    EXPECT_EQ(clocks.now(clock).value(), 7U);
    EXPECT_EQ(clocks.resolution(clock).value(), host.resolution(clock).value());
  }
}

}  // namespace
}  // namespace merlon::keep
