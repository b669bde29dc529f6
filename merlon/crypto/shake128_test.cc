#include "merlon/crypto/shake128.h"

#include <array>

#include <gtest/gtest.h>

#include "merlon/base/text.h"

namespace merlon::crypto {
namespace {

// Of the empty text [FIPS202, as in NIST's example].
TEST(Shake128, IsThatOfTheStandard) {
  std::array<std::uint8_t, 32> bytes{};
  Shake128().read(0, bytes);
  EXPECT_EQ(base::hex(bytes), "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26");
}

TEST(Shake128, GoesOnWhereItIsAsked) {
  Shake128 hash;
  hash.add(std::array<std::uint8_t, 3>{1, 2, 3});
  std::array<std::uint8_t, 400> all{};
  hash.read(0, all);
  std::array<std::uint8_t, 9> part{};
  hash.read(300, part);
  EXPECT_TRUE(std::ranges::equal(part, core::ByteView(all).subspan(300, 9)));
  hash.add({});
  hash.read(0, part);
  EXPECT_TRUE(std::ranges::equal(part, core::ByteView(all).first(9)));
  hash.add(std::array<std::uint8_t, 1>{4});
  hash.read(0, part);
  EXPECT_FALSE(std::ranges::equal(part, core::ByteView(all).first(9)));
}

}  // namespace
}  // namespace merlon::crypto
