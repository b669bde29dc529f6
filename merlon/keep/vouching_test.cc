#include "merlon/keep/vouching.h"

#include <gtest/gtest.h>

#include "merlon/codec/der_writer.h"
#include "merlon/tls/testing/pki.h"
#include "merlon/x509/certificate.h"
#include "merlon/x509/issue.h"

namespace merlon::keep {
namespace {

constexpr std::int64_t now = tls::testing::made_at + 60;

codec::DerBytes spki_of(const tls::testing::Holder& holder) {
  return x509::subject_public_key_info(holder.key.kind(), holder.key.point().value());
}

/// As a Steward gives it: the issuer first.
codec::DerBytes pki_path(const std::vector<tls::Certificate>& certificates) {
  codec::DerBytes all;
  for (const auto& each : certificates) all.insert(all.end(), each.begin(), each.end());
  return codec::der_value(codec::DerTag::Sequence, all);
}

std::string why(const core::Result<Vouching, std::string>& vouching) {
  return vouching ? "accepted" : vouching.error();
}

class PkiPath : public ::testing::Test {
 protected:
  tls::testing::Authority steward_{"Steward"};
  tls::testing::Holder keep_ = steward_.issue({"keep.example"}, crypto::KeyKind::P384);
  codec::DerBytes spki_ = spki_of(keep_);
};

TEST_F(PkiPath, IsShownTheOtherWayRound) {
  const auto vouching = parse_pki_path(pki_path({steward_.root(), keep_.chain[0]}), spki_, now);
  ASSERT_TRUE(vouching) << vouching.error();
  EXPECT_EQ(vouching->chain, (std::vector{keep_.chain[0], steward_.root()}));
  EXPECT_EQ(vouching->steward, std::vector<tls::Certificate>(1, steward_.root()));
  EXPECT_EQ(vouching->until, tls::testing::valid_until);
}

TEST_F(PkiPath, AllAboveTheKeepAreTrusted) {
  // As where a new authority, for which the old one vouches, has issued the certificate.
  tls::testing::Authority older("Older");
  const tls::Certificate below =
      older.issue_for(x509::Certificate::parse(steward_.root())->key().spki, {"any"});
  const auto vouching = parse_pki_path(pki_path({older.root(), below, keep_.chain[0]}), spki_, now);
  ASSERT_TRUE(vouching) << vouching.error();
  EXPECT_EQ(vouching->steward, (std::vector{below, older.root()}));
  EXPECT_EQ(vouching->chain, (std::vector{keep_.chain[0], below, older.root()}));
}

TEST_F(PkiPath, OfAnotherKeyIsRefused) {
  const auto other = steward_.issue({"keep.example"});
  EXPECT_EQ(why(parse_pki_path(pki_path({steward_.root(), other.chain[0]}), spki_, now)),
            "certifies another key");
}

TEST_F(PkiPath, ThatTheIssuerHasNotSignedIsRefused) {
  const tls::testing::Authority other("Steward");
  EXPECT_EQ(why(parse_pki_path(pki_path({other.root(), keep_.chain[0]}), spki_, now)),
            "answers with a certificate that its issuer has not signed");
}

TEST_F(PkiPath, ThatDoesNotHoldNowIsRefused) {
  for (const std::int64_t when : {tls::testing::made_at - 1, tls::testing::valid_until + 1}) {
    EXPECT_TRUE(why(parse_pki_path(pki_path({steward_.root(), keep_.chain[0]}), spki_, when))
                    .starts_with("answers with a certificate that does not hold now"));
  }
}

TEST_F(PkiPath, ThatIsNoneIsRefused) {
  const auto& root = steward_.root();
  const auto& own = keep_.chain[0];
  EXPECT_EQ(why(parse_pki_path(pki_path({own}), spki_, now)),
            "answers with fewer than two certificates");
  EXPECT_EQ(why(parse_pki_path(pki_path({}), spki_, now)),
            "answers with fewer than two certificates");
  EXPECT_EQ(why(parse_pki_path(pki_path({root, root, root, root, root, own}), spki_, now)),
            "answers with no path of certificates");
  const codec::DerBytes whole = pki_path({root, own});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(why(parse_pki_path(core::ByteView(whole).first(size), spki_, now)), "accepted");
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    codec::DerBytes wrong = whole;
    wrong[at] ^= 0x10U;
    const auto vouching = parse_pki_path(wrong, spki_, now);
    // What is the issuer's own business may differ: its name, its own signature.
    EXPECT_TRUE(!vouching || vouching->chain[0] == own) << at;
  }
}

TEST(SelfSigned, IsACertificateOfTheKeepsKey) {
  const auto keys = identity::SessionKeys::generate(evidence::Technology::Kvm);
  ASSERT_TRUE(keys);
  const auto vouching = self_signed(*keys, now);
  ASSERT_TRUE(vouching);
  EXPECT_TRUE(vouching->steward.empty());
  const auto certificate = x509::Certificate::parse(vouching->chain.at(0));
  ASSERT_TRUE(certificate);
  EXPECT_EQ(certificate->common_name(), "localhost");
  EXPECT_TRUE(std::ranges::equal(certificate->key().spki, keys->tls_spki()));
  EXPECT_TRUE(x509::verify(certificate->key(), certificate->signature()));
  EXPECT_TRUE(certificate->validity().contains({now - 60}));  // of somebody whose clock is behind
}

}  // namespace
}  // namespace merlon::keep
