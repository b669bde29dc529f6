#include "merlon/crypto/rsa_quotients.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "merlon/codec/testing/vectors.h"

namespace merlon::crypto {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// A number of the recorded signature, which stands there as SIGSTRUCT has it.
Bytes recorded(const std::string& name) {
  Bytes bytes = codec::testing::vector_file("measurement/sig1." + name + ".bin");
  std::ranges::reverse(bytes);
  return bytes;
}

TEST(RsaQuotients, AreThoseOfARecordedSignature) {
  MERLON_NEEDS_VECTORS();
  const auto both = rsa_quotients(recorded("key_n"), recorded("sig"));
  ASSERT_TRUE(both.has_value());
  EXPECT_EQ(both->q1, recorded("q1"));
  EXPECT_EQ(both->q2, recorded("q2"));
}

TEST(RsaQuotients, FollowTheirDefinition) {
  // s = 200, n = 251: s² = 40000 = 159·251 + 91, s·91 = 18200 = 72·251 + 128.
  const auto both = rsa_quotients(Bytes{0, 251}, Bytes{200});
  ASSERT_TRUE(both.has_value());
  EXPECT_EQ(both->q1, (Bytes{0, 159}));
  EXPECT_EQ(both->q2, (Bytes{0, 72}));
}

TEST(RsaQuotients, NeedASignatureBelowItsModulus) {
  EXPECT_TRUE(rsa_quotients(Bytes{251}, Bytes{250}).has_value());
  EXPECT_FALSE(rsa_quotients(Bytes{251}, Bytes{251}).has_value());
  EXPECT_FALSE(rsa_quotients(Bytes{0}, Bytes{0}).has_value());
  EXPECT_FALSE(rsa_quotients({}, {}).has_value());
  EXPECT_FALSE(rsa_quotients(Bytes(513, 1), Bytes{1}).has_value());
}

}  // namespace
}  // namespace merlon::crypto
