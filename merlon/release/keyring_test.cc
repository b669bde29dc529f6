#include "merlon/release/keyring.h"

#include <gtest/gtest.h>

namespace merlon::release {
namespace {

using Bytes = std::vector<std::uint8_t>;

Keyring keyring(std::uint8_t key) { return Keyring(Bytes(Keyring::key_size, key)); }

TEST(ReleaseKeyring, OpensWhatWasSealedForThisVeryPlace) {
  const Keyring keys = keyring(1);
  const Bytes plain{1, 2, 3};
  const Place place{Place::Kind::Deposit, tenant_of("i", "s"),
                    DepositId::from(Bytes(DepositId::size, 5)).value(), 3};
  const Bytes sealed = keys.seal(place, plain);
  EXPECT_NE(sealed, keys.seal(place, plain));
  ASSERT_TRUE(keys.open(place, sealed));
  EXPECT_TRUE(std::ranges::equal(keys.open(place, sealed)->reveal(), plain));
  std::vector<Place> others(4, place);
  others[0].kind = Place::Kind::TenantKey;
  others[1].tenant = tenant_of("i", "other");
  others[2].deposit = {};
  others[3].version = 2;
  for (const Place& each : others) EXPECT_FALSE(keys.open(each, sealed));
  EXPECT_FALSE(keyring(2).open(place, sealed));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes spoilt = sealed;
    spoilt[i] ^= 1U;
    EXPECT_FALSE(keys.open(place, spoilt)) << i;
    EXPECT_FALSE(keys.open(place, core::ByteView(sealed).first(i))) << i;
  }
}

TEST(ReleaseKeyring, SaysSomethingElseForEachPurposeAndKey) {
  using Purpose = Keyring::Purpose;
  const Bytes message{1};
  const auto tag = keyring(1).mac(Purpose::ChallengeTag, message);
  EXPECT_EQ(tag, keyring(1).mac(Purpose::ChallengeTag, message));
  EXPECT_NE(tag, keyring(1).mac(Purpose::ChallengeSalt, message));
  EXPECT_NE(tag, keyring(1).mac(Purpose::StoreState, message));
  EXPECT_NE(tag, keyring(2).mac(Purpose::ChallengeTag, message));
}

TEST(ReleaseNames, AreOfIssuerAndSubjectTogether) {
  EXPECT_NE(tenant_of("a", "b"), tenant_of("b", "a"));
  EXPECT_NE(tenant_of("ab", "c"), tenant_of("a", "bc"));
  EXPECT_TRUE(parse_deposit_id("00112233445566778899aabbccddeeff"));
  EXPECT_FALSE(parse_deposit_id("00112233445566778899aabbccddeef"));
  EXPECT_FALSE(parse_deposit_id("../etc"));
}

}  // namespace
}  // namespace merlon::release
