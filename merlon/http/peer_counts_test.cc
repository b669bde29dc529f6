#include "merlon/http/peer_counts.h"

#include <gtest/gtest.h>

namespace merlon::http {
namespace {

constexpr PeerCounts::Address v4(std::uint8_t last) {
  return {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, last};
}
constexpr PeerCounts::Address v6(std::uint8_t network, std::uint8_t last) {
  return {0x20, 1, 0x0D, 0xB8, 0, 0, 0, network, 0, 0, 0, 0, 0, 0, 0, last};
}

TEST(PeerCounts, RefusesOneMoreThanTheMost) {
  PeerCounts counts;
  EXPECT_TRUE(counts.add(v4(1), 2));
  EXPECT_TRUE(counts.add(v4(1), 2));
  EXPECT_FALSE(counts.add(v4(1), 2));
  EXPECT_TRUE(counts.add(v4(2), 2));
  counts.remove(v4(1));
  EXPECT_TRUE(counts.add(v4(1), 2));
}

TEST(PeerCounts, AddressesOfOneNetworkOfIpv6CountTogether) {
  PeerCounts counts;
  EXPECT_TRUE(counts.add(v6(1, 1), 1));
  EXPECT_FALSE(counts.add(v6(1, 2), 1));
  EXPECT_TRUE(counts.add(v6(2, 1), 1));
}

TEST(PeerCounts, KeepsNothingOfWhoHasLeft) {
  PeerCounts counts;
  ASSERT_TRUE(counts.add(v4(1), 1));
  counts.remove(v4(1));
  counts.remove(v4(1));
  EXPECT_EQ(counts.peers(), 0U);
  EXPECT_FALSE(counts.add(v4(1), 0));
  EXPECT_EQ(counts.peers(), 0U);
}

}  // namespace
}  // namespace merlon::http
