#include "merlon/x509/path.h"

#include <gtest/gtest.h>

#include "merlon/x509/testing/issue.h"

namespace merlon::x509 {
namespace {

using namespace testing;

/// root -> intermediate -> leaf, each template open to change before make().
struct Pki {
  SigningKey root_key{crypto::KeyKind::P256};
  SigningKey intermediate_key{crypto::KeyKind::P256};
  SigningKey leaf_key{crypto::KeyKind::P256};
  CertificateTemplate root = ca_template("root", "root");
  CertificateTemplate intermediate = ca_template("intermediate", "root");
  CertificateTemplate leaf{.subject = "leaf", .issuer = "intermediate"};

  [[nodiscard]] Path make() const {
    return {issued(leaf, leaf_key, intermediate_key),
            issued(intermediate, intermediate_key, root_key), issued(root, root_key, root_key)};
  }
  /// The rules that the path breaks, under its own root.
  [[nodiscard]] std::vector<PathRule> broken() const {
    const Path path = make();
    const AnchorId anchor = anchor_of(path.back());
    std::vector<PathRule> rules;
    for (const auto& problem : judge_path(path, {&anchor, 1}, test_now, {})) {
      rules.push_back(problem.rule);
    }
    return rules;
  }
};

using Rules = std::vector<PathRule>;

TEST(Path, AGoodPathBreaksNothing) { EXPECT_EQ(Pki().broken(), Rules{}); }

TEST(Path, EveryRuleIsFound) {
  Pki pki;
  pki.leaf.issuer = "somebody";
  EXPECT_EQ(pki.broken(), Rules{PathRule::NameChaining});
  pki = Pki();
  pki.leaf.not_after = {test_now.seconds - 1};
  EXPECT_EQ(pki.broken(), Rules{PathRule::Validity});
  pki = Pki();
  pki.root.not_before = {test_now.seconds + 1};
  EXPECT_EQ(pki.broken(), Rules{PathRule::Validity});
  pki = Pki();
  pki.intermediate.ca = std::nullopt;
  EXPECT_EQ(pki.broken(), Rules{PathRule::CaConstraint});
  pki = Pki();
  pki.leaf.ca = true;
  EXPECT_EQ(pki.broken(), Rules{PathRule::CaConstraint});
  pki = Pki();
  pki.intermediate.key_usage = usage_sign;
  EXPECT_EQ(pki.broken(), Rules{PathRule::KeyUsage});
  pki = Pki();
  pki.leaf.key_usage = usage_ca;
  EXPECT_EQ(pki.broken(), Rules{PathRule::KeyUsage});
  pki = Pki();
  pki.root.path_length = 0;
  EXPECT_EQ(pki.broken(), Rules{PathRule::PathLength});
  pki.root.path_length = 1;
  EXPECT_EQ(pki.broken(), Rules{});
  pki = Pki();
  pki.intermediate.extensions = {extension({1, 2, 3}, true, {})};
  EXPECT_EQ(pki.broken(), Rules{PathRule::CriticalExtension});
}

TEST(Path, ASignatureByAnotherKeyIsFound) {
  const Pki pki;
  const Pki other;
  Path path = pki.make();
  path[0] = issued(pki.leaf, pki.leaf_key, other.intermediate_key);
  const AnchorId anchor = anchor_of(path.back());
  const auto problems = judge_path(path, {&anchor, 1}, test_now, {});
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].rule, PathRule::Signature);
  EXPECT_EQ(problems[0].subject, "CN=leaf");
}

TEST(Path, OnlyAPinnedKeyIsTrusted) {
  const Path path = Pki().make();
  const AnchorId other = anchor_of(Pki().make().back());
  EXPECT_EQ(judge_path(path, {&other, 1}, test_now, {})[0].rule, PathRule::Anchor);
  EXPECT_EQ(judge_path(path, {}, test_now, {})[0].rule, PathRule::Anchor);
  EXPECT_EQ(judge_path({}, {&other, 1}, test_now, {})[0].rule, PathRule::Anchor);
}

TEST(Path, ABagIsOrdered) {
  const Pki pki;
  const Path path = pki.make();
  const std::vector<Certificate> bag{path[2], path[0], path[1], path[1]};
  EXPECT_EQ(build_path(path[0], bag, test_now, {}).size(), 3U);
  EXPECT_EQ(build_path(path[0], {}, test_now, {}).size(), 1U);
}

TEST(Path, AnIssuerThatSignedIsPreferredToItsNamesake) {
  const Pki pki;
  const Pki other;
  const Path path = pki.make();
  const std::vector<Certificate> bag{other.make()[1], path[1], other.make()[2], path[2]};
  const Path built = build_path(path[0], bag, test_now, {});
  const AnchorId anchor = anchor_of(path.back());
  EXPECT_TRUE(judge_path(built, {&anchor, 1}, test_now, {}).empty());
}

TEST(Path, AMemoChangesNoAnswer) {
  const Pki pki;
  const Path path = pki.make();
  SignatureMemo memo;
  memo.learn(path[1].key(), path[0].signature());
  memo.learn(path[0].key(), path[0].signature());  // does not hold: not remembered
  EXPECT_EQ(memo.size(), 1U);
  EXPECT_TRUE(memo.holds(path[1].key(), path[0].signature()));
  EXPECT_FALSE(memo.holds(path[0].key(), path[0].signature()));
  EXPECT_FALSE(memo.holds(path[2].key(), path[0].signature()));
}

struct Lists {
  Pki pki;
  Path path = pki.make();
  std::vector<Crl> lists;

  void add(const CrlTemplate& shape, const SigningKey& key) {
    lists.push_back(Crl::parse(issue_crl(shape, key)).value());
  }
  [[nodiscard]] RevocationState judge() const {
    return judge_revocation(path[1], path[2], lists, test_now, {}).state;
  }
};

TEST(Revocation, NeedsAFreshListOfTheIssuer) {
  Lists lists;
  EXPECT_EQ(lists.judge(), RevocationState::Unknown);
  lists.add({.issuer = "somebody"}, lists.pki.root_key);
  EXPECT_EQ(lists.judge(), RevocationState::Unknown);
  lists.add({}, lists.pki.leaf_key);
  EXPECT_EQ(lists.judge(), RevocationState::BadSignature);
  lists.add({.next_update = {test_now.seconds - 1}}, lists.pki.root_key);
  EXPECT_EQ(lists.judge(), RevocationState::Stale);
  lists.add({}, lists.pki.root_key);
  EXPECT_EQ(lists.judge(), RevocationState::Good);
  lists.add({.this_update = {test_now.seconds + 1}}, lists.pki.root_key);
  EXPECT_EQ(lists.judge(), RevocationState::Good);
}

TEST(Revocation, OnAnySignedListIsRevoked) {
  Lists lists;
  lists.add({.serials = {7}}, lists.pki.leaf_key);
  EXPECT_EQ(lists.judge(), RevocationState::BadSignature);
  lists.add({}, lists.pki.root_key);
  EXPECT_EQ(lists.judge(), RevocationState::Good);
  lists.add({.next_update = {test_now.seconds - 1}, .serials = {7}}, lists.pki.root_key);
  EXPECT_EQ(lists.judge(), RevocationState::Revoked);
}

TEST(Revocation, AnIssuerThatMayNotSignListsSaysNothing) {
  Lists lists;
  lists.pki.root.key_usage = 0x04;
  lists.path = lists.pki.make();
  lists.add({}, lists.pki.root_key);
  EXPECT_EQ(lists.judge(), RevocationState::BadSignature);
}

}  // namespace
}  // namespace merlon::x509
