#include "merlon/delivery/challenge.h"

#include <gtest/gtest.h>

#include "merlon/x509/issue.h"

namespace merlon::delivery {
namespace {

Challenge new_challenge() {
  return Challenge::make(crypto::PrivateKey::generate(crypto::KeyKind::P256).value()).value();
}

TEST(Challenge, IsOfTheTenantsKeyAndAnotherEachTime) {
  auto key = crypto::PrivateKey::generate(crypto::KeyKind::P256).value();
  const auto point = key.point().value();
  const Challenge one = Challenge::make(std::move(key)).value();
  EXPECT_TRUE(std::ranges::equal(one.tenant().view(), point));
  EXPECT_EQ(one.nonce(), nonce_of(one.tenant(), one.salt()));
  const Challenge other = new_challenge();
  EXPECT_NE(one.salt(), other.salt());
  EXPECT_NE(one.nonce(), other.nonce());
}

TEST(Challenge, ChangesWithEachOfItsParts) {
  const Challenge one = new_challenge();
  const Challenge other = new_challenge();
  EXPECT_NE(nonce_of(one.tenant(), other.salt()), one.nonce());
  EXPECT_NE(nonce_of(other.tenant(), one.salt()), one.nonce());
}

TEST(Challenge, WantsAKeyOfP256) {
  const auto made = Challenge::make(crypto::PrivateKey::generate(crypto::KeyKind::P384).value());
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, core::ErrorCode::Unsupported);
}

TEST(Challenge, NamesTheTenantByHisKeyAsCertificatesHaveIt) {
  const Challenge one = new_challenge();
  const auto spki = x509::subject_public_key_info(crypto::KeyKind::P256, one.key().point().value());
  EXPECT_EQ(name_of(one.tenant()), crypto::sha256({spki}));
}

}  // namespace
}  // namespace merlon::delivery
