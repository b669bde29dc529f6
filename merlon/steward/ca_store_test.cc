#include "merlon/steward/ca_store.h"

#include <gtest/gtest.h>

#include "merlon/codec/pem.h"
#include "merlon/os/testing/scratch.h"
#include "merlon/steward/testing/requests.h"
#include "merlon/x509/path.h"

namespace merlon::steward {
namespace {

using os::testing::ScratchDirectory;
using std::chrono::hours;
using x509::Certificate;

constexpr codec::UnixTime start{1'780'000'000};
constexpr auto wait = hours(24);
constexpr auto lifetime = hours(24);

codec::UnixTime after(std::chrono::seconds time) { return {start.seconds + time.count()}; }

CaShape shape() { return {"Tests", "Steward", hours(24) * 365, crypto::KeyKind::P384}; }

CaStore created(const ScratchDirectory& scratch) {
  auto store = CaStore::create(scratch.path(), shape(), start);
  EXPECT_TRUE(store.has_value()) << store.error();
  return *std::move(store);
}

/// A leaf of who signs at this time.
Certificate leaf_at(const CaStore& store, codec::UnixTime now) {
  Authority::Settings settings;
  settings.development = true;
  settings.lifetime = lifetime;
  settings.dns_names = {"keep.example"};
  auto issuer = store.issuer();
  EXPECT_TRUE(issuer.has_value()) << issuer.error();
  const auto authority = Authority::create(*std::move(issuer), std::move(settings));
  EXPECT_TRUE(authority.has_value()) << authority.error();
  const auto answer = authority->certify(
      RequestForm::Single, testing::kvm_request(testing::SigningKey(crypto::KeyKind::P256)), {},
      verify::Moment::asked_for(now));
  EXPECT_TRUE(answer.has_value());
  codec::DerReader path(codec::der_whole(answer->body, codec::DerTag::Sequence)->content);
  (void)path.any();
  return Certificate::parse(path.any()->whole).value();
}

/// Whether somebody who trusts these accepts a leaf.
bool accepts(const std::string& trust, const Certificate& leaf, codec::UnixTime now) {
  const auto blocks = codec::pem_blocks(trust);
  for (const codec::PemBlock& block : *blocks) {
    const Certificate root = Certificate::parse(block.bytes).value();
    x509::SignatureMemo memo;
    memo.learn(root.key(), leaf.signature());
    memo.learn(root.key(), root.signature());
    if (x509::judge_path({leaf, root}, std::array{x509::anchor_of(root)}, now, memo).empty()) {
      return true;
    }
  }
  return false;
}

TEST(CaStore, OneTakesThePlaceOfAnotherAndNoLeafIsLost) {
  const ScratchDirectory scratch;
  CaStore store = created(scratch);
  EXPECT_EQ(store.phase(), CaPhase::Steady);
  const std::string before = store.trust().value();
  const Certificate first = leaf_at(store, start);

  ASSERT_TRUE(store.announce(shape(), after(hours(1))).has_value());
  EXPECT_EQ(store.phase(), CaPhase::Announced);
  const std::string announced = store.trust().value();
  const Certificate second = leaf_at(store, after(hours(2)));
  // Whoever has not heard of the new one accepts all that is issued until the switch.
  EXPECT_TRUE(accepts(before, second, after(hours(2))));

  EXPECT_FALSE(store.switch_over(after(hours(24)), wait).has_value());
  ASSERT_TRUE(store.switch_over(after(hours(25)), wait).has_value());
  EXPECT_EQ(store.phase(), CaPhase::Switched);
  const Certificate third = leaf_at(store, after(hours(25)));
  EXPECT_FALSE(accepts(before, third, after(hours(25))));
  EXPECT_TRUE(accepts(announced, third, after(hours(25))));
  EXPECT_TRUE(accepts(store.trust().value(), second, after(hours(25))));
  EXPECT_TRUE(accepts(store.trust().value(), third, after(hours(25))));

  EXPECT_FALSE(store.drop(after(hours(48)), lifetime).has_value());
  ASSERT_TRUE(store.drop(after(hours(49)), lifetime).has_value());
  EXPECT_EQ(store.phase(), CaPhase::Steady);
  // Nothing that the old one signed is valid any longer, so nobody misses it.
  EXPECT_LT(second.validity().not_after, after(hours(49)));
  EXPECT_LT(first.validity().not_after, after(hours(49)));
  EXPECT_TRUE(accepts(store.trust().value(), third, after(hours(48))));
  EXPECT_TRUE(accepts(announced, leaf_at(store, after(hours(49))), after(hours(49))));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.path()), {}), 4);
}

TEST(CaStore, EveryStepIsAskedForAgainWithoutHarm) {
  const ScratchDirectory scratch;
  CaStore store = created(scratch);
  ASSERT_TRUE(store.announce(shape(), start).has_value());
  const std::string trust = store.trust().value();
  ASSERT_TRUE(store.announce(shape(), after(hours(5))).has_value());
  EXPECT_EQ(store.trust().value(), trust);
  EXPECT_EQ(store.since(), start);
  ASSERT_TRUE(store.switch_over(after(wait), wait).has_value());
  ASSERT_TRUE(store.switch_over(after(wait), wait).has_value());
  EXPECT_EQ(store.phase(), CaPhase::Switched);
  ASSERT_TRUE(store.announce(shape(), after(wait)).has_value());
  EXPECT_EQ(store.phase(), CaPhase::Switched);
  ASSERT_TRUE(store.drop(after(wait + lifetime), lifetime).has_value());
  ASSERT_TRUE(store.drop(after(wait + lifetime), lifetime).has_value());
  EXPECT_EQ(store.phase(), CaPhase::Steady);
  EXPECT_FALSE(store.switch_over(after(hours(100)), wait).has_value());
}

TEST(CaStore, GoesOnAfterAStartInEveryPhase) {
  const ScratchDirectory scratch;
  {
    created(scratch);
  }
  const auto reopened = [&] {
    auto store = CaStore::open(scratch.path());
    EXPECT_TRUE(store.has_value()) << store.error();
    return *std::move(store);
  };
  EXPECT_FALSE(CaStore::create(scratch.path(), shape(), start).has_value());
  ASSERT_TRUE(reopened().announce(shape(), start).has_value());
  EXPECT_EQ(reopened().phase(), CaPhase::Announced);
  // A key of a step that was cut off before it counted.
  scratch.make_file("ca-00000000000000ff.key", "left over");
  ASSERT_TRUE(reopened().switch_over(after(wait), wait).has_value());
  EXPECT_EQ(reopened().phase(), CaPhase::Switched);
  ASSERT_TRUE(reopened().drop(after(wait + lifetime), lifetime).has_value());
  EXPECT_EQ(reopened().phase(), CaPhase::Steady);
  EXPECT_EQ(reopened().issuer()->chain.size(), 1U);
}

TEST(CaStore, TwoThatChangeItSeeEachOther) {
  const ScratchDirectory scratch;
  CaStore one = created(scratch);
  auto other = CaStore::open(scratch.path());
  ASSERT_TRUE(other.has_value());
  ASSERT_TRUE(one.announce(shape(), start).has_value());
  ASSERT_TRUE(other->announce(shape(), start).has_value());
  EXPECT_EQ(one.trust().value(), other->trust().value());
}

TEST(CaStore, WhatIsDamagedIsToldByName) {
  const ScratchDirectory scratch;
  EXPECT_NE(CaStore::open(scratch.path()).error().find("authorities.json"), std::string::npos);
  created(scratch);
  const std::string good = scratch.content("authorities.json");
  for (
      const std::string& text :
      {std::string(), std::string("{}"), good.substr(0, good.size() / 2),
       std::string(R"({"version":1,"signing":"../x","other":"","switched":false,"since":1})"),
       std::string(
           R"({"version":2,"signing":"ca-0000000000000000","other":"","switched":false,"since":1})"),
       std::string(
           R"({"version":1,"signing":"ca-0000000000000000","other":"","switched":true,"since":1})"),
       std::string(
           R"({"version":1,"signing":"ca-0000000000000000","other":"","switched":false,"since":1})")}) {
    scratch.make_file("authorities.json", text);
    EXPECT_FALSE(CaStore::open(scratch.path()).has_value()) << text;
  }
  const std::string name = good.substr(good.find("ca-"), 19);
  const auto with_other = [&](const std::string& other, const std::string& switched) {
    return R"({"version":1,"signing":")" + name + R"(","other":")" + other + R"(","switched":)" +
           switched + R"(,"since":1})";
  };
  for (const std::string& text :
       {with_other(name, "false"), with_other("../x", "false"), with_other("ca-1", "true"),
        with_other("ca-00000000000000FF", "false"), with_other("", "true")}) {
    scratch.make_file("authorities.json", text);
    EXPECT_NE(CaStore::open(scratch.path()).error().find("is damaged"), std::string::npos) << text;
  }
  scratch.make_file("authorities.json", good);
  EXPECT_TRUE(CaStore::open(scratch.path()).has_value());
  const std::string certificate = scratch.content(name + ".pem");
  scratch.make_file(name + ".pem", "no certificate");
  EXPECT_FALSE(CaStore::open(scratch.path()).has_value());
  scratch.make_file(name + ".pem", certificate);
  std::filesystem::remove(scratch / (name + ".key"));
  EXPECT_NE(CaStore::open(scratch.path()).error().find(name), std::string::npos);
}

TEST(CaStore, KeysAreTheOwnersAlone) {
  const ScratchDirectory scratch;
  created(scratch);
  for (const auto& entry : std::filesystem::directory_iterator(scratch.path())) {
    EXPECT_EQ(entry.status().permissions() &
                  (std::filesystem::perms::group_all | std::filesystem::perms::others_all),
              std::filesystem::perms::none)
        << entry.path();
  }
  CaShape rsa = shape();
  rsa.kind = crypto::KeyKind::Rsa;
  const ScratchDirectory other;
  EXPECT_FALSE(CaStore::create(other.path(), rsa, start).has_value());
  CaShape brief = shape();
  brief.lifetime = hours(1);
  EXPECT_FALSE(CaStore::create(other.path(), brief, start).has_value());
  EXPECT_TRUE(CaStore::create(other.path(), {"", "", hours(24) * 30}, start).has_value());
}

}  // namespace
}  // namespace merlon::steward
