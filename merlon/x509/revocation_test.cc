#include "merlon/x509/revocation.h"

#include <gtest/gtest.h>

#include "merlon/x509/testing/pki.h"

namespace merlon::x509 {
namespace {

using namespace testing;

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
