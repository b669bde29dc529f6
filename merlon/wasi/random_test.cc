#include <algorithm>
#include <array>

#include <gtest/gtest.h>

#include "merlon/wasi/testing/guest.h"

namespace merlon::wasi {
namespace {

using testing::Guest;

TEST(Random, FillsWhatItIsGivenAndNoMore) {
  testing::FakeRandom source;
  Guest guest({.random = &source});
  EXPECT_EQ((guest.call<&api::random_get>(100U, 3U)), Errno::Success);
  EXPECT_EQ(guest.get<std::uint32_t>(100), 0x00030201U);
}

TEST(Random, NothingAsksForNothing) {
  testing::FakeRandom source;
  source.broken = true;
  Guest guest({.random = &source});
  EXPECT_EQ((guest.call<&api::random_get>(65536U, 0U)), Errno::Success);
  EXPECT_EQ((guest.call<&api::random_get>(0U, 1U)), Errno::Io);
  EXPECT_EQ((guest.call<&api::random_get>(65535U, 2U)), Errno::Fault);
}

TEST(Random, AStoppedGuestGetsNone) {
  Guest guest;
  guest.context().interrupt();
  EXPECT_EQ(api::random_get(guest.context(), guest.memory(), 0, 1).error(), interrupted());
}

TEST(SystemRandom, NeverGivesTheSameBytesTwice) {
  SystemRandom random;
  std::vector<std::array<std::uint8_t, 24>> drawn(100);  // crosses its block of 512 again and again
  for (auto& bytes : drawn) ASSERT_TRUE(random.fill(bytes).has_value());
  std::sort(drawn.begin(), drawn.end());
  EXPECT_EQ(std::unique(drawn.begin(), drawn.end()), drawn.end());
  EXPECT_FALSE(std::any_of(drawn.begin(), drawn.end(), [](const auto& bytes) {
    return std::count(bytes.begin(), bytes.end(), 0) > 12;
  }));
}

TEST(SystemRandom, ServesRequestsLargerThanItsBlock) {
  SystemRandom random;
  std::vector<std::uint8_t> bytes(5000);
  ASSERT_TRUE(random.fill(bytes).has_value());
  EXPECT_EQ(std::search_n(bytes.begin(), bytes.end(), 16, 0), bytes.end());
}

}  // namespace
}  // namespace merlon::wasi
