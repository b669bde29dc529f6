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

Path built(const Certificate& leaf, const std::vector<Certificate>& pool, const AnchorId& anchor) {
  const SignatureMemo memo;
  return PathBuilder(pool, {anchor}, test_now, memo).build(leaf);
}

TEST(PathBuilder, ABagIsOrdered) {
  const Path path = Pki().make();
  const AnchorId anchor = anchor_of(path.back());
  EXPECT_EQ(built(path[0], {path[2], path[0], path[1], path[1]}, anchor).size(), 3U);
  EXPECT_EQ(built(path[0], {}, anchor).size(), 1U);
}

/// A certificate somebody has made of a genuine one, with the genuine key.
Certificate forged(const CertificateTemplate& shape, const SigningKey& key) {
  return issued(shape, key, SigningKey(crypto::KeyKind::P256));
}

TEST(PathBuilder, NothingThatIsAddedDisplacesWhatHolds) {
  const Pki pki;
  const Pki stranger;
  const Path path = pki.make();
  const AnchorId anchor = anchor_of(path.back());
  CertificateTemplate expired = pki.intermediate;
  expired.not_after = {test_now.seconds - 1};
  CertificateTemplate no_ca = pki.intermediate;
  no_ca.ca = std::nullopt;
  CertificateTemplate turned = pki.intermediate;  // its issuer is itself and not
  turned.issuer = "intermediate two";
  CertificateTemplate back = pki.intermediate;
  back.subject = "intermediate two";
  back.issuer = "intermediate";
  const std::vector<Certificate> surplus{
      stranger.make()[1],
      stranger.make()[2],
      forged(pki.intermediate, pki.intermediate_key),
      forged(pki.root, pki.root_key),
      issued(expired, pki.intermediate_key, pki.root_key),
      issued(no_ca, pki.intermediate_key, pki.root_key),
      issued(pki.intermediate, pki.intermediate_key, stranger.root_key),
      issued(turned, pki.intermediate_key, pki.intermediate_key),
      issued(back, pki.intermediate_key, pki.intermediate_key),
  };
  for (const bool first : {true, false}) {
    std::vector<Certificate> pool(path.begin() + 1, path.end());
    pool.insert(first ? pool.begin() : pool.end(), surplus.begin(), surplus.end());
    const Path found = built(path[0], pool, anchor);
    EXPECT_TRUE(judge_path(found, {&anchor, 1}, test_now, {}).empty());
  }
}

TEST(PathBuilder, AnExpiredEditionServesWhereThereIsNoOther) {
  const Pki pki;
  const Path path = pki.make();
  CertificateTemplate expired = pki.intermediate;
  expired.not_after = {test_now.seconds - 1};
  const Path found = built(path[0],
                           {forged(pki.intermediate, pki.intermediate_key), path[2],
                            issued(expired, pki.intermediate_key, pki.root_key)},
                           anchor_of(path.back()));
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[1].validity().not_after, expired.not_after);
}

TEST(PathBuilder, StandingIsWhatSignaturesAndTimesSay) {
  Pki pki;
  const Path path = pki.make();
  const AnchorId anchor = anchor_of(path.back());
  const SignatureMemo memo;
  const auto standing = [&](const Certificate& leaf, const AnchorId& pinned) {
    return PathBuilder({path.begin() + 1, path.end()}, {pinned}, test_now, memo).standing_of(leaf);
  };
  EXPECT_EQ(standing(path[0], anchor), Standing::Current);
  EXPECT_EQ(standing(path[0], anchor_of(path[1])), Standing::None);
  EXPECT_EQ(standing(forged(pki.leaf, pki.leaf_key), anchor), Standing::None);
  pki.leaf.not_after = {test_now.seconds - 1};
  EXPECT_EQ(standing(pki.make()[0], anchor), Standing::Vouched);
}

TEST(PathBuilder, ACircleOfIssuersEnds) {
  const SigningKey key(crypto::KeyKind::P256);
  std::vector<Certificate> pool;
  for (int i = 0; i < 40; ++i) {  // each may have issued each of the other name
    CertificateTemplate shape = ca_template(i % 2 == 0 ? "a" : "b", i % 2 == 0 ? "b" : "a");
    shape.serial = static_cast<std::uint64_t>(i + 1);
    pool.push_back(issued(shape, key, key));
  }
  const Path found = built(issued({.issuer = "a"}, key, key), pool, AnchorId{});
  EXPECT_EQ(found.size(), 5U);
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
