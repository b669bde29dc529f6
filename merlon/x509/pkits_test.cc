// A part of NIST's Public Key Interoperability Test Suite; names say the expected answer.

#include <gtest/gtest.h>

#include "merlon/codec/testing/vectors.h"
#include "merlon/x509/path_builder.h"
#include "merlon/x509/revocation.h"

namespace merlon::x509 {
namespace {

using codec::testing::vector_file;

constexpr codec::UnixTime now{1'700'000'000};

struct Suite {
  std::vector<Certificate> pool;
  std::vector<Crl> lists;

  Suite() {
    for (const char* name :
         {"TrustAnchorRootCertificate", "GoodCACert", "NoCRLCACert", "RevokedsubCACert"}) {
      pool.push_back(certificate(name));
    }
    for (const char* name : {"TrustAnchorRootCRL", "GoodCACRL", "RevokedsubCACRL"}) {
      lists.push_back(
          Crl::parse(vector_file("mobilecoin-pkits/crls/" + std::string(name) + ".crl")).value());
    }
  }
  static Certificate certificate(const std::string& name) {
    return Certificate::parse(vector_file("mobilecoin-pkits/certs/" + name + ".crt")).value();
  }
  /// The state of each certificate of the path, from the leaf up, that is not good.
  [[nodiscard]] std::vector<RevocationState> judge(const std::string& leaf) const {
    const AnchorId anchor = anchor_of(pool[0]);
    const SignatureMemo memo;
    const Path path = PathBuilder(pool, {anchor}, now, memo).build(certificate(leaf));
    // Asked about a CA alone, its being one is all that may be wrong.
    for (const PathProblem& problem : judge_path(path, {&anchor, 1}, now, {})) {
      EXPECT_TRUE(leaf.find("CACert") != std::string::npos) << leaf;
      EXPECT_TRUE(problem.rule == PathRule::CaConstraint || problem.rule == PathRule::KeyUsage);
    }
    std::vector<RevocationState> states;
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
      const auto state = judge_revocation(path[i], path[i + 1], lists, now, {}).state;
      if (state != RevocationState::Good) states.push_back(state);
    }
    return states;
  }
};

using States = std::vector<RevocationState>;

TEST(Pkits, MissingCrl) {
  MERLON_NEEDS_VECTORS();
  EXPECT_EQ(Suite().judge("InvalidMissingCRLTest1EE"), States{RevocationState::Unknown});
}

TEST(Pkits, RevokedEndEntity) {
  MERLON_NEEDS_VECTORS();
  EXPECT_EQ(Suite().judge("InvalidRevokedEETest3EE"), States{RevocationState::Revoked});
}

TEST(Pkits, RevokedCa) {
  MERLON_NEEDS_VECTORS();
  EXPECT_EQ(Suite().judge("InvalidRevokedCATest2EE"), States{RevocationState::Revoked});
}

TEST(Pkits, GoodCas) {
  MERLON_NEEDS_VECTORS();
  EXPECT_EQ(Suite().judge("GoodCACert"), States{});
  EXPECT_EQ(Suite().judge("NoCRLCACert"), States{});
  EXPECT_EQ(Suite().judge("RevokedsubCACert"), States{RevocationState::Revoked});
}

TEST(Pkits, BadCrlSignature) {
  MERLON_NEEDS_VECTORS();
  // Its signature is no string of whole bytes.
  const auto list = Crl::parse(vector_file("mobilecoin-pkits/crls/BadCRLSignatureCACRL.crl"));
  ASSERT_FALSE(list.has_value());
  EXPECT_EQ(list.error().code, core::ErrorCode::Malformed);
}

}  // namespace
}  // namespace merlon::x509
