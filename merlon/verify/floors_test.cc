#include "merlon/verify/floors.h"

#include <set>

#include <gtest/gtest.h>

#include "merlon/verify/testing/fake_amd.h"

namespace merlon::verify {
namespace {

using testing::FakeAmd;
using x509::testing::test_now;

std::set<std::string_view> bulletins_for(snp::Product product, std::optional<snp::Cpuid> processor,
                                         const snp::TcbComponents& tcb) {
  std::set<std::string_view> all;
  for (const Floor& floor : all_floors()) {
    if (concerns(floor, product, processor) && tcb.*floor.member < floor.least) {
      all.insert(floor.bulletin);
    }
  }
  return all;
}

using Names = std::set<std::string_view>;
constexpr snp::Cpuid milan_b1{0x19, 0x01, 1};
constexpr snp::Cpuid milan_x{0x19, 0x01, 2};
constexpr snp::Cpuid genoa_b1{0x19, 0x11, 1};
constexpr snp::Cpuid genoa_x{0x19, 0x11, 2};
constexpr snp::Cpuid bergamo{0x19, 0xA0, 2};
constexpr snp::Cpuid turin_c1{0x1A, 0x02, 1};

TEST(Floors, AreOfTheDesignWhoseMicrocodeIsCounted) {
  using enum snp::Product;
  // {fmc, bootloader, tee, snp, microcode}
  EXPECT_EQ(bulletins_for(Milan, milan_b1, {0, 4, 0, 29, 0xDB}), Names{});
  EXPECT_EQ(bulletins_for(Milan, milan_b1, {0, 4, 0, 29, 0xDA}), Names{"AMD-SB-3019"});
  EXPECT_EQ(bulletins_for(Milan, milan_x, {0, 4, 0, 29, 0x44}), Names{});
  EXPECT_EQ(bulletins_for(Milan, milan_x, {0, 4, 0, 29, 0x43}), Names{"AMD-SB-3019"});
  EXPECT_EQ(bulletins_for(Milan, milan_b1, {0, 4, 0, 28, 0xDB}), Names{"AMD-SB-3030"});
  EXPECT_EQ(bulletins_for(Milan, milan_b1, {0, 4, 0, 24, 0xDB}),
            (Names{"AMD-SB-3016", "AMD-SB-3023", "AMD-SB-3030"}));
  EXPECT_EQ(bulletins_for(Genoa, genoa_b1, {0, 10, 0, 0x1B, 0x56}), Names{});
  EXPECT_EQ(bulletins_for(Genoa, genoa_b1, {0, 10, 0, 0x1B, 0x55}),
            (Names{"AMD-SB-3020", "AMD-SB-3027"}));
  EXPECT_EQ(bulletins_for(Genoa, genoa_x, {0, 10, 0, 0x1B, 0x51}), Names{});
  EXPECT_EQ(bulletins_for(Genoa, bergamo, {0, 10, 0, 0x1B, 0x19}), Names{});
  EXPECT_EQ(bulletins_for(Genoa, bergamo, {0, 10, 0, 0x1A, 0x18}),
            (Names{"AMD-SB-3016", "AMD-SB-3019", "AMD-SB-3020", "AMD-SB-3023"}));
  EXPECT_EQ(bulletins_for(Turin, turin_c1, {1, 3, 2, 4, 0x51}), Names{});
  EXPECT_EQ(bulletins_for(Turin, turin_c1, {1, 3, 2, 4, 0x50}), Names{"AMD-SB-3027"});
  EXPECT_EQ(bulletins_for(Turin, turin_c1, {1, 3, 2, 3, 0x51}),
            (Names{"AMD-SB-3020", "AMD-SB-3023"}));
}

TEST(Floors, OfADesignThatNoRowIsOfAreToldToBeUnknown) {
  using enum snp::Product;
  EXPECT_FALSE(is_design_unknown(Genoa, genoa_b1));
  EXPECT_TRUE(is_design_unknown(Genoa, {0x19, 0x11, 0}));
  EXPECT_TRUE(is_design_unknown(Turin, {0x1A, 0x11, 0}));
  EXPECT_FALSE(is_design_unknown(Simulator, {0, 0, 0}));
}

TEST(Floors, OfAProcessorThatIsNotToldAllAreAsked) {
  EXPECT_EQ(bulletins_for(snp::Product::Milan, std::nullopt, {0, 4, 0, 29, 0x5D}),
            Names{"AMD-SB-3019"});
  EXPECT_EQ(bulletins_for(snp::Product::Milan, std::nullopt, {0, 4, 0, 29, 0xDB}), Names{});
}

TEST(Floors, AreNamedByTheirBulletins) {
  EXPECT_TRUE(is_known_bulletin("AMD-SB-3019"));
  EXPECT_FALSE(is_known_bulletin("AMD-SB-3034"));
  EXPECT_FALSE(is_known_bulletin(""));
}

Appraisal judged(const FakeAmd& fake, const Policy& policy, codec::UnixTime now = test_now) {
  const auto evidence = evidence::Evidence::parse(fake.signed_report());
  return appraise(*evidence, Collateral::parse(fake.endorsements()), policy,
                  Moment::asked_for(now));
}

std::set<std::string> refusals(const Appraisal& appraisal) {
  std::set<std::string> names;
  for (const Check check : appraisal.refusals()) names.emplace(row_of(check).name);
  return names;
}

/// Genuine in all, but below AMD-SB-3030 in a version and in how it was launched.
FakeAmd old_milan(bool now, bool at_launch) {
  FakeAmd fake;
  if (at_launch) fake.report[0x1F0 + 6] = 28;
  if (now) {
    fake.report[0x180 + 6] = 28;
    fake.endorsed.tcb.snp = 28;
  }
  return fake;
}

TEST(Bulletins, RefuseFirmwareThatTheyConcern) {
  for (const auto& [now, launch] : {std::pair{true, true}, {true, false}, {false, true}}) {
    const FakeAmd fake = old_milan(now, launch);
    const Appraisal appraisal = judged(fake, fake.policy());
    EXPECT_EQ(refusals(appraisal), std::set<std::string>{"snp.bulletins"}) << now << launch;
    const Finding* finding = appraisal.find(Check::SnpBulletins);
    EXPECT_NE(finding->got.find("AMD-SB-3030"), std::string::npos) << finding->got;
    EXPECT_NE(finding->to_accept.find("AMD-SB-3030"), std::string::npos) << finding->to_accept;
  }
}

TEST(Bulletins, WarnOfADesignThatTheyDoNotKnow) {
  const auto says = [](const FakeAmd& fake) {
    const Appraisal appraisal = judged(fake, fake.policy());
    return std::ranges::any_of(appraisal.warnings, [](const std::string& each) {
      return each.find("family 25, model 1, stepping 3): its microcode is not judged") !=
             std::string::npos;
    });
  };
  FakeAmd fake;
  EXPECT_FALSE(says(fake));
  fake.report[0x18A] = 3;  // CPUID_STEP
  EXPECT_TRUE(says(fake));
}

TEST(Bulletins, AreWaivedUpToADay) {
  const FakeAmd fake = old_milan(true, true);
  Policy policy = fake.policy();
  policy.snp.waivers = {{"AMD-SB-3030", {test_now.seconds + 100}}};
  const Appraisal waived = judged(fake, policy);
  EXPECT_TRUE(waived.accepted());
  EXPECT_EQ(waived.expiry->seconds, test_now.seconds + 100);
  EXPECT_TRUE(std::ranges::any_of(waived.warnings, [](const std::string& each) {
    return each.find("AMD-SB-3030") != std::string::npos;
  }));
  policy.snp.waivers[0].until.seconds = test_now.seconds - 1;
  EXPECT_FALSE(judged(fake, policy).accepted());
  policy.snp.waivers = {{"AMD-SB-3019", {test_now.seconds + 100}}};
  EXPECT_FALSE(judged(fake, policy).accepted());
}

TEST(Bulletins, AreOldAfterHalfAYear) {
  FakeAmd fake;
  const codec::UnixTime later{floors_read.seconds + floors_age_in_seconds + 1};
  const Appraisal appraisal = judged(fake, fake.policy(), later);
  ASSERT_FALSE(appraisal.warnings.empty());
  EXPECT_NE(appraisal.warnings.back().find("2026-11-28"), std::string::npos);
}

}  // namespace
}  // namespace merlon::verify
