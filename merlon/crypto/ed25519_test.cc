#include "merlon/crypto/ed25519.h"

#include <gtest/gtest.h>

#include "merlon/codec/hex.h"

namespace merlon::crypto {
namespace {

std::vector<std::uint8_t> bytes(std::string_view hex) { return codec::decode_hex(hex).value(); }

// RFC 8032 §7.1, TEST 2.
const auto key = Ed25519PublicKey::from(
                     bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"))
                     .value();
const auto message = bytes("72");
const auto signature = bytes(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");

TEST(Ed25519, HoldsForTheVectorOfItsSpecification) {
  EXPECT_TRUE(verify_ed25519(key, message, signature));
}

TEST(Ed25519, HoldsForNothingElse) {
  EXPECT_FALSE(verify_ed25519(key, bytes("73"), signature));
  EXPECT_FALSE(verify_ed25519(key, {}, signature));
  EXPECT_FALSE(verify_ed25519(Ed25519PublicKey(), message, signature));
  EXPECT_FALSE(verify_ed25519(key, message, core::ByteView(signature).first(63)));
  EXPECT_FALSE(verify_ed25519(key, message, {}));
  for (std::size_t i = 0; i < signature.size(); ++i) {
    auto changed = signature;
    changed[i] ^= 0x10U;
    EXPECT_FALSE(verify_ed25519(key, message, changed)) << i;
  }
}

}  // namespace
}  // namespace merlon::crypto
