#include "merlon/crypto/hmac.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"

namespace merlon::crypto {
namespace {

std::string mac(std::string_view key, std::string_view message) {
  return base::hex(hmac_sha256(core::as_bytes(key), core::as_bytes(message)).view());
}

// [RFC4231 §4.2, §4.3, §4.7]
TEST(Hmac, IsThatOfTheStandard) {
  EXPECT_EQ(mac(std::string(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(mac("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(mac(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Hmac, TakesNothingAtAll) {
  EXPECT_EQ(mac("", ""), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

}  // namespace
}  // namespace merlon::crypto
