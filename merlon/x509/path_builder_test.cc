#include "merlon/x509/path_builder.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "merlon/x509/testing/pki.h"

namespace merlon::x509 {
namespace {

using namespace testing;

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

TEST(PathBuilder, OfEqualsTheFirstIsTaken) {
  const Pki pki;
  const Path path = pki.make();
  const AnchorId anchor = anchor_of(path.back());
  // Two that hold, and two that nobody has signed.
  CertificateTemplate second = pki.intermediate;
  second.serial = pki.intermediate.serial + 1;
  for (const SigningKey& signer : {pki.root_key, SigningKey(crypto::KeyKind::P256)}) {
    const Certificate one = issued(pki.intermediate, pki.intermediate_key, signer);
    const Certificate two = issued(second, pki.intermediate_key, signer);
    for (const auto& [first, other] : {std::pair{&one, &two}, std::pair{&two, &one}}) {
      const Path found = built(path[0], {*first, *other, path[2]}, anchor);
      ASSERT_GE(found.size(), 2U);
      EXPECT_TRUE(std::ranges::equal(found[1].der(), first->der()));
    }
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

}  // namespace
}  // namespace merlon::x509
