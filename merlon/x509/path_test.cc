#include "merlon/x509/path.h"

#include <gtest/gtest.h>

#include "merlon/x509/testing/pki.h"

namespace merlon::x509 {
namespace {

using namespace testing;

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

}  // namespace
}  // namespace merlon::x509
