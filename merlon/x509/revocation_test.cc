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

TEST(Revocation, TheNewestFreshListDecides) {
  const CrlTemplate older{.this_update = {test_now.seconds - 2 * codec::seconds_per_day}};
  const CrlTemplate newer{.this_update = {test_now.seconds - codec::seconds_per_day}};
  const CrlTemplate newest_but_over{.this_update = {test_now.seconds - 10},
                                    .next_update = {test_now.seconds - 1}};
  for (const auto& order : {std::vector{older, newer, newest_but_over},
                            {newest_but_over, newer, older},
                            {newer, newest_but_over, older}}) {
    Lists lists;
    for (const CrlTemplate& each : order) lists.add(each, lists.pki.root_key);
    const Revocation found =
        judge_revocation(lists.path[1], lists.path[2], lists.lists, test_now, {});
    EXPECT_EQ(found.state, RevocationState::Good);
    ASSERT_NE(found.list, nullptr);
    EXPECT_EQ(found.list->validity().not_before, newer.this_update);
  }
}

TEST(Revocation, OfStaleListsTheNewestIsNamed) {
  const CrlTemplate older{.this_update = {test_now.seconds - 20},
                          .next_update = {test_now.seconds - 5}};
  const CrlTemplate newer{.this_update = {test_now.seconds - 10},
                          .next_update = {test_now.seconds - 1}};
  for (const auto& order : {std::vector{older, newer}, {newer, older}}) {
    Lists lists;
    for (const CrlTemplate& each : order) lists.add(each, lists.pki.root_key);
    const Revocation found =
        judge_revocation(lists.path[1], lists.path[2], lists.lists, test_now, {});
    EXPECT_EQ(found.state, RevocationState::Stale);
    EXPECT_EQ(found.list->validity().not_before, newer.this_update);
  }
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
