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
  auto store = CaStore::create(scratch.path(), shape(), lifetime, start);
  EXPECT_TRUE(store.has_value()) << store.error();
  return *std::move(store);
}

/// What a keep shows that was certified at this time: the leaf first, the authority last.
using Shown = std::vector<Certificate>;

Shown shown_at(const CaStore& store, codec::UnixTime now) {
  Authority::Settings settings;
  settings.development = true;
  settings.lifetime = lifetime;
  settings.dns_names = {"keep.example"};
  auto issuer = store.issuer(now);
  EXPECT_TRUE(issuer.has_value()) << issuer.error();
  const auto authority = Authority::create(*std::move(issuer), std::move(settings));
  EXPECT_TRUE(authority.has_value()) << authority.error();
  const auto answer = authority->certify(
      RequestForm::Single, testing::kvm_request(testing::SigningKey(crypto::KeyKind::P256)), {},
      verify::Moment::asked_for(now));
  EXPECT_TRUE(answer.has_value());
  Shown shown;
  for (codec::DerReader path(codec::der_whole(answer->body, codec::DerTag::Sequence)->content);
       !path.at_end();) {
    shown.insert(shown.begin(), Certificate::parse(path.any()->whole).value());
  }
  return shown;
}

/// Whether a path from what is shown ends in this certificate.
bool leads_to(const Certificate& root, const Shown& shown, codec::UnixTime now) {
  for (std::size_t size = 1; size <= shown.size(); ++size) {
    if (!std::ranges::equal(shown[size - 1].issuer(), root.subject())) continue;
    Shown path(shown.begin(), shown.begin() + static_cast<std::ptrdiff_t>(size));
    path.push_back(root);
    if (!std::ranges::equal(root.issuer(), root.subject())) {
      // Another vouches for it, but whoever trusts it by itself looks no further.
      return size == 1 && x509::verify(root.key(), shown[0].signature()) &&
             shown[0].validity().contains(now) && root.validity().contains(now);
    }
    x509::SignatureMemo memo;
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
      memo.learn(path[i + 1].key(), path[i].signature());
    }
    memo.learn(root.key(), root.signature());
    if (x509::judge_path(path, std::array{x509::anchor_of(root)}, now, memo).empty()) return true;
  }
  return false;
}

/// Whether somebody who trusts these accepts it.
bool accepts(const std::string& trust, const Shown& shown, codec::UnixTime now) {
  const auto blocks = codec::pem_blocks(trust);
  return std::ranges::any_of(*blocks, [&](const codec::PemBlock& each) {
    return leads_to(Certificate::parse(each.bytes).value(), shown, now);
  });
}

/// As keeps understand trust in their Steward: all authorities that stand above their own
/// certificate.
bool keep_accepts(const Shown& own, const Shown& shown, codec::UnixTime now) {
  return std::any_of(own.begin() + 1, own.end(),
                     [&](const Certificate& each) { return leads_to(each, shown, now); });
}

constexpr auto dropped_after = hours(24) + std::chrono::minutes(144) + std::chrono::seconds(5);

TEST(CaStore, OneTakesThePlaceOfAnotherAndNoLeafIsLost) {
  const ScratchDirectory scratch;
  CaStore store = created(scratch);
  EXPECT_EQ(store.phase(), CaPhase::Steady);
  const std::string before = store.trust().value();
  const Shown first = shown_at(store, start);

  ASSERT_TRUE(store.announce(shape(), wait, after(hours(1))).has_value());
  EXPECT_EQ(store.phase(), CaPhase::Announced);
  const std::string announced = store.trust().value();
  const Shown second = shown_at(store, after(hours(2)));
  EXPECT_TRUE(accepts(before, second, after(hours(2))));

  EXPECT_FALSE(store.switch_over(after(hours(24))).has_value());
  ASSERT_TRUE(store.switch_over(after(hours(25))).has_value());
  EXPECT_EQ(store.phase(), CaPhase::Switched);
  const Shown third = shown_at(store, after(hours(25)));
  ASSERT_EQ(third.size(), 3U);
  // Whoever has not heard of the new one accepts it too, since the old one vouches for it.
  for (const std::string& trust : {before, announced, store.trust().value()}) {
    EXPECT_TRUE(accepts(trust, third, after(hours(25))));
    EXPECT_TRUE(accepts(trust, second, after(hours(25))));
  }

  const auto end = after(hours(25) + dropped_after);
  EXPECT_EQ(store.next(), end);
  EXPECT_FALSE(store.drop({end.seconds - 1}).has_value());
  ASSERT_TRUE(store.drop(end).has_value());
  EXPECT_EQ(store.phase(), CaPhase::Steady);
  // Nothing that the old one signed is valid any longer, so nobody misses it.
  EXPECT_LT(second[0].validity().not_after, end);
  EXPECT_LT(first[0].validity().not_after, end);
  const Shown fourth = shown_at(store, end);
  EXPECT_EQ(fourth.size(), 2U);
  EXPECT_TRUE(accepts(store.trust().value(), third, after(hours(48))));
  EXPECT_TRUE(accepts(announced, fourth, end));
  EXPECT_FALSE(accepts(before, fourth, end));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.path()), {}), 4);
}

TEST(CaStore, KeepsOfEachPhaseAcceptThoseOfTheNextAndOfTheOneBefore) {
  const ScratchDirectory scratch;
  CaStore store = created(scratch);
  std::vector<Shown> keeps{shown_at(store, start)};
  ASSERT_TRUE(store.announce(shape(), hours(1), start).has_value());
  keeps.push_back(shown_at(store, after(hours(1))));
  ASSERT_TRUE(store.switch_over(after(hours(1))).has_value());
  keeps.push_back(shown_at(store, after(hours(2))));
  for (const Shown& one : keeps) {
    for (const Shown& other : keeps) EXPECT_TRUE(keep_accepts(one, other, after(hours(2))));
  }
  const Shown last_before = shown_at(store, after(hours(24)));
  ASSERT_TRUE(store.drop(after(hours(1) + dropped_after)).has_value());
  const Shown dropped = shown_at(store, after(hours(1) + dropped_after));
  EXPECT_TRUE(keep_accepts(last_before, dropped, after(hours(28))));
  EXPECT_TRUE(keep_accepts(dropped, last_before, after(hours(28))));
}

TEST(CaStore, NoLeafOutlivesAnyOfItsIssuers) {
  const ScratchDirectory scratch;
  CaShape brief = shape();
  brief.lifetime = hours(48);
  auto made = CaStore::create(scratch.path(), brief, lifetime, start);
  ASSERT_TRUE(made.has_value());
  CaStore store = *std::move(made);
  const auto old_end = shown_at(store, start)[1].validity().not_after;
  EXPECT_EQ(shown_at(store, after(hours(30)))[0].validity().not_after, old_end);
  ASSERT_TRUE(store.announce(shape(), hours(0), after(hours(30))).has_value());
  ASSERT_TRUE(store.switch_over(after(hours(30))).has_value());
  const Shown by_both = shown_at(store, after(hours(31)));
  ASSERT_EQ(by_both.size(), 3U);
  EXPECT_EQ(by_both[0].validity().not_after, old_end);
  EXPECT_EQ(by_both[1].validity().not_after, old_end);
  // The old one ends before it is dropped: the new one goes on by itself.
  const Shown alone = shown_at(store, old_end);
  ASSERT_EQ(alone.size(), 2U);
  EXPECT_EQ(alone[0].validity().not_after.seconds, old_end.seconds + 24 * 3600);
  // One that has ended vouches for nobody.
  const ScratchDirectory late;
  auto over = CaStore::create(late.path(), brief, lifetime, start);
  ASSERT_TRUE(over.has_value());
  EXPECT_FALSE(over->announce(shape(), hours(0), after(hours(24 * 30))).has_value());
}

TEST(CaStore, EveryStepIsAskedForAgainWithoutHarm) {
  const ScratchDirectory scratch;
  CaStore store = created(scratch);
  ASSERT_TRUE(store.announce(shape(), wait, start).has_value());
  const std::string trust = store.trust().value();
  ASSERT_TRUE(store.announce(shape(), wait, after(hours(5))).has_value());
  EXPECT_EQ(store.trust().value(), trust);
  EXPECT_EQ(store.since(), start);
  ASSERT_TRUE(store.switch_over(after(wait)).has_value());
  ASSERT_TRUE(store.switch_over(after(wait)).has_value());
  EXPECT_EQ(store.phase(), CaPhase::Switched);
  ASSERT_TRUE(store.announce(shape(), wait, after(wait)).has_value());
  EXPECT_EQ(store.phase(), CaPhase::Switched);
  ASSERT_TRUE(store.drop(after(wait + dropped_after)).has_value());
  ASSERT_TRUE(store.drop(after(wait + dropped_after)).has_value());
  EXPECT_EQ(store.phase(), CaPhase::Steady);
  EXPECT_FALSE(store.switch_over(after(hours(100))).has_value());
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
  EXPECT_FALSE(CaStore::create(scratch.path(), shape(), lifetime, start).has_value());
  ASSERT_TRUE(reopened().announce(shape(), wait, start).has_value());
  EXPECT_EQ(reopened().phase(), CaPhase::Announced);
  // A key of a step that was cut off before it counted.
  scratch.make_file("ca-00000000000000ff.key", "left over");
  scratch.make_file("ca-00000000000000ff.pem.new", "left over");
  ASSERT_TRUE(reopened().tidy().has_value());
  ASSERT_TRUE(reopened().switch_over(after(wait)).has_value());
  EXPECT_FALSE(std::filesystem::exists(scratch / "ca-00000000000000ff.key"));
  EXPECT_FALSE(std::filesystem::exists(scratch / "ca-00000000000000ff.pem.new"));
  EXPECT_EQ(reopened().phase(), CaPhase::Switched);
  ASSERT_TRUE(reopened().drop(after(wait + dropped_after)).has_value());
  EXPECT_EQ(reopened().phase(), CaPhase::Steady);
  EXPECT_EQ(reopened().issuer(start)->chain.size(), 1U);
}

TEST(CaStore, TwoThatChangeItSeeEachOther) {
  const ScratchDirectory scratch;
  CaStore one = created(scratch);
  auto other = CaStore::open(scratch.path());
  ASSERT_TRUE(other.has_value());
  ASSERT_TRUE(one.announce(shape(), wait, start).has_value());
  ASSERT_TRUE(other->announce(shape(), wait, start).has_value());
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
       std::string(
           R"({"version":1,"signing":"../x","other":"","switched":false,"since":1,"next":1,"leaf_lifetime":86400})"),
       std::string(
           R"({"version":2,"signing":"ca-0000000000000000","other":"","switched":false,"since":1,"next":1,"leaf_lifetime":86400})"),
       std::string(
           R"({"version":1,"signing":"ca-0000000000000000","other":"","switched":true,"since":1,"next":1,"leaf_lifetime":86400})"),
       std::string(
           R"({"version":1,"signing":"ca-0000000000000000","other":"","switched":false,"since":1,"next":1,"leaf_lifetime":86400})")}) {
    scratch.make_file("authorities.json", text);
    EXPECT_FALSE(CaStore::open(scratch.path()).has_value()) << text;
  }
  const std::string name = good.substr(good.find("ca-"), 19);
  const auto with_other = [&](const std::string& other, const std::string& switched) {
    return R"({"version":1,"signing":")" + name + R"(","other":")" + other + R"(","switched":)" +
           switched + R"(,"since":1,"next":1,"leaf_lifetime":86400})";
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
  EXPECT_FALSE(CaStore::create(other.path(), rsa, lifetime, start).has_value());
  CaShape brief = shape();
  brief.lifetime = hours(1);
  EXPECT_FALSE(CaStore::create(other.path(), brief, lifetime, start).has_value());
  CaShape endless = shape();
  endless.lifetime = hours(24) * 366 * 20 + hours(1);
  EXPECT_FALSE(CaStore::create(other.path(), endless, lifetime, start).has_value());
  EXPECT_FALSE(CaStore::create(other.path(), shape(), std::chrono::seconds(4), start).has_value());
  EXPECT_FALSE(CaStore::create(other.path(), shape(), hours(24) * 91, start).has_value());
  EXPECT_TRUE(CaStore::create(other.path(), {"", "", hours(24) * 30}, lifetime, start).has_value());
}

}  // namespace
}  // namespace merlon::steward
