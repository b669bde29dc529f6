#include "merlon/crypto/aes_gcm.h"

#include <gtest/gtest.h>

namespace merlon::crypto {
namespace {

using Bytes = std::vector<std::uint8_t>;

TEST(AesGcm, SealsAsTheStandardSays) {
  // [GCM-SPEC test case 14]: all zeros.
  const AesGcmKey key(Bytes(32, 0));
  const auto sealed = key.seal({}, {}, Bytes(16, 0));
  EXPECT_EQ(sealed.text, (Bytes{0xce, 0xa7, 0x40, 0x3d, 0x4d, 0x60, 0x6b, 0x6e, 0x07, 0x4e, 0xc5,
                                0xd3, 0xba, 0xf3, 0x9d, 0x18}));
  EXPECT_EQ(sealed.tag, (AesGcmKey::Tag{0xd0, 0xd1, 0xc8, 0xa7, 0x99, 0x99, 0x6b, 0xf0, 0x26, 0x5b,
                                        0x98, 0xb5, 0xd4, 0x8a, 0xb9, 0x19}));
}

TEST(AesGcm, OpensOnlyWhatWasSealed) {
  const AesGcmKey key(Bytes(32, 7));
  const AesGcmKey other(Bytes(32, 8));
  const AesGcmKey::Nonce nonce{1};
  const Bytes beside{1, 2, 3};
  for (const std::size_t size : {0U, 1U, 16U, 1000U}) {
    const Bytes plain(size, 0x42);
    const auto sealed = key.seal(nonce, beside, plain);
    EXPECT_EQ(key.open(nonce, beside, sealed.text, sealed.tag), plain);
    EXPECT_EQ(other.open(nonce, beside, sealed.text, sealed.tag), std::nullopt);
    EXPECT_EQ(key.open({2}, beside, sealed.text, sealed.tag), std::nullopt);
    EXPECT_EQ(key.open(nonce, Bytes{1, 2, 4}, sealed.text, sealed.tag), std::nullopt);
    auto tag = sealed.tag;
    tag[15] ^= 1U;
    EXPECT_EQ(key.open(nonce, beside, sealed.text, tag), std::nullopt);
    if (size == 0) continue;
    auto text = sealed.text;
    text.back() ^= 1U;
    EXPECT_EQ(key.open(nonce, beside, text, sealed.tag), std::nullopt);
  }
}

TEST(AesGcm, AMovedKeyIsWiped) {
  AesGcmKey key(Bytes(32, 7));
  const auto sealed = key.seal({}, {}, Bytes(4, 1));
  const AesGcmKey moved = std::move(key);
  EXPECT_TRUE(key.is_wiped());  // NOLINT(bugprone-use-after-move): what is left of it is the test
  EXPECT_FALSE(moved.is_wiped());
  EXPECT_TRUE(moved.open({}, {}, sealed.text, sealed.tag).has_value());
}

}  // namespace
}  // namespace merlon::crypto
