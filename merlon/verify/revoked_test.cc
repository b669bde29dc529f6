#include "merlon/verify/revoked.h"

#include <gtest/gtest.h>

#include "merlon/codec/testing/vectors.h"
#include "merlon/verify/collateral.h"
#include "merlon/x509/revocation.h"
#include "merlon/x509/testing/issue.h"

namespace merlon::verify {
namespace {

x509::Certificate by_name(const Collateral& from, std::string_view name) {
  for (const x509::Certificate& each : from.certificates) {
    if (each.common_name() == name) return each;
  }
  ADD_FAILURE() << "no " << name;
  return from.certificates.at(0);
}

Collateral of(const char* file) {
  evidence::Endorsements all;
  EXPECT_TRUE(all.add(codec::testing::vector_file(file)).has_value()) << file;
  return Collateral::parse(all);
}

TEST(KnownRevocation, TheFirstGenoaAskAndNotItsSuccessor) {
  MERLON_NEEDS_VECTORS();
  const Collateral old = of("steward/genoa.pkipath");
  const Collateral now = of("amd-chains/ask_ark_genoa.pem");
  const auto root = by_name(old, "ARK-Genoa");
  const auto at = known_revocation(by_name(old, "SEV-Genoa"), root);
  ASSERT_TRUE(at.has_value());
  EXPECT_EQ(codec::to_rfc3339(*at), "2022-10-31T12:00:00Z");
  EXPECT_FALSE(known_revocation(by_name(now, "SEV-Genoa"), root).has_value());
}

TEST(KnownRevocation, EveryOneIsOnAListOfItsIssuers) {
  MERLON_NEEDS_VECTORS();
  const Collateral all = of("steward/genoa.pkipath");
  const auto ask = by_name(all, "SEV-Genoa");
  const auto ark = by_name(all, "ARK-Genoa");
  const Collateral list = of("amd-crl/ark-genoa-2026.crl");
  EXPECT_EQ(x509::judge_revocation(ask, ark, list.lists, {1788220800}, {}).state,
            x509::RevocationState::Revoked);
}

TEST(KnownRevocation, ASerialNumberIsAnIssuersOwn) {
  using namespace x509::testing;
  MERLON_NEEDS_VECTORS();
  const auto ask = by_name(of("steward/genoa.pkipath"), "SEV-Genoa");
  const SigningKey key(crypto::KeyKind::P384);
  const auto stranger =
      x509::Certificate::parse(issue(ca_template("ARK-Genoa", "ARK-Genoa"), key.spki(), key));
  ASSERT_TRUE(stranger.has_value());
  EXPECT_FALSE(known_revocation(ask, *stranger).has_value());
}

}  // namespace
}  // namespace merlon::verify
