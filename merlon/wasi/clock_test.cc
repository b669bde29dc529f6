#include <gtest/gtest.h>

#include "merlon/wasi/testing/guest.h"

namespace merlon::wasi {
namespace {

using testing::Guest;

TEST(Clock, TellsWhatItsSourceSays) {
  testing::FakeClocks clocks;
  clocks.time[ClockId::Realtime] = 1'700'000'000'000'000'000;
  Guest guest({.clocks = &clocks});
  EXPECT_EQ((guest.call<&api::clock_time_get>(0U, std::uint64_t{0}, Guest::result)),
            Errno::Success);
  EXPECT_EQ(guest.get<std::uint64_t>(), 1'700'000'000'000'000'000U);
  EXPECT_EQ((guest.call<&api::clock_res_get>(3U, Guest::result)), Errno::Success);
  EXPECT_EQ(guest.get<std::uint64_t>(), 4U);
}

TEST(Clock, AllFourOfTheKernelsWork) {
  Guest guest;
  for (std::uint32_t id = 0; id < 4; ++id) {
    EXPECT_EQ((guest.call<&api::clock_time_get>(id, std::uint64_t{1}, Guest::result)),
              Errno::Success);
    EXPECT_GT(guest.get<std::uint64_t>(), 0U);
    EXPECT_EQ((guest.call<&api::clock_res_get>(id, Guest::result)), Errno::Success);
    EXPECT_GT(guest.get<std::uint64_t>(), 0U);
  }
}

TEST(Clock, AnUnknownClockIsInvalid) {
  Guest guest;
  EXPECT_EQ((guest.call<&api::clock_time_get>(4U, std::uint64_t{0}, Guest::result)), Errno::Inval);
  EXPECT_EQ((guest.call<&api::clock_res_get>(~0U, Guest::result)), Errno::Inval);
  EXPECT_EQ((guest.call<&api::clock_time_get>(0U, std::uint64_t{0}, 65530U)), Errno::Fault);
}

}  // namespace
}  // namespace merlon::wasi
