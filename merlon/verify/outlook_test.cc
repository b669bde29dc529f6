#include "merlon/verify/outlook.h"

#include <gtest/gtest.h>

#include "merlon/verify/testing/fake_amd.h"
#include "merlon/verify/testing/fake_intel.h"

namespace merlon::verify {
namespace {

using testing::FakeAmd;
using testing::FakeIntel;
using x509::testing::test_now;

struct Judged {
  evidence::Evidence evidence;
  Collateral own;
  Policy policy;

  Outlook outlook(const Collateral& early = {}) const {
    const Moment moment = Moment::by_clock(test_now, {});
    return verify::outlook(evidence, appraise(evidence, own, policy, moment), own, early, policy,
                           moment);
  }
};

Judged of(const FakeIntel& fake) {
  return {evidence::Evidence::parse(fake.quote()).value(), Collateral::parse(fake.endorsements()),
          fake.policy()};
}

/// What the same vendor will give everybody later: a level that this platform does not reach.
Collateral early_of(FakeIntel fake, std::string_view levels) {
  fake.tcb_info.evaluation = 18;
  fake.tcb_info.levels = levels;
  return Collateral::parse(fake.endorsements());
}

std::string higher(const FakeIntel& fake, int svn, int pce) {
  return testing::level(svn, "UpToDate", fake.is_tdx, pce) + "," + fake.tcb_info.levels;
}

TEST(Outlook, IsGoodWhereTheEarlyDocumentsAcceptAsWell) {
  for (const bool tdx : {false, true}) {
    const FakeIntel fake(tdx);
    const Judged judged = of(fake);
    for (const Outlook& each :
         {judged.outlook(), judged.outlook(early_of(fake, fake.tcb_info.levels))}) {
      EXPECT_TRUE(each.accepted);
      EXPECT_FALSE(each.refused_from);
      EXPECT_TRUE(each.reasons.empty());
      EXPECT_TRUE(each.shortfalls.empty());
      EXPECT_TRUE(each.kind.starts_with(tdx ? "TDX " : "SGX ")) << each.kind;
    }
  }
}

TEST(Outlook, SaysWhatIsShortAndFromWhenOn) {
  const FakeIntel fake;
  const Judged judged = of(fake);
  // The level of today is out of date in the early documents.
  std::string levels = testing::level(200, "UpToDate", false, 12);
  const std::size_t first = levels.find("\"svn\":200");
  ASSERT_NE(first, std::string::npos);
  levels.insert(first, R"("category":"BIOS","type":"Early Microcode Update",)");
  std::string old = fake.tcb_info.levels;
  for (std::size_t at = old.find("UpToDate"); at != std::string::npos; at = old.find("UpToDate")) {
    old.replace(at, 8, "OutOfDate");
    break;
  }
  const Outlook found = judged.outlook(early_of(fake, levels + "," + old));
  EXPECT_TRUE(found.accepted);
  ASSERT_TRUE(found.refused_from);
  EXPECT_EQ(*found.refused_from, codec::parse_rfc3339(fake.tcb_info.next).value());
  ASSERT_FALSE(found.reasons.empty());
  EXPECT_TRUE(found.reasons[0].starts_with("Intel's evaluation 18: dcap.tcb-status: "))
      << found.reasons[0];
  ASSERT_FALSE(found.shortfalls.empty());
  EXPECT_EQ(found.shortfalls[0].what, "SGX component 1");
  EXPECT_EQ(found.shortfalls[0].wants, 200U);
  EXPECT_EQ(found.shortfalls[0].raised_by, "BIOS, Early Microcode Update");
  EXPECT_EQ(found.shortfalls[1].raised_by, "");
  EXPECT_LT(found.shortfalls[0].has, 200U);
  EXPECT_EQ(found.shortfalls.back().what, "PCESVN");
  EXPECT_EQ(found.shortfalls.back().wants, 12U);
}

TEST(Outlook, EarlyDocumentsThatIntelHasNotSignedAreToldAsSuch) {
  FakeIntel fake;
  const Judged judged = of(fake);
  fake.bad_tcb_info_signature = true;
  const Outlook found = judged.outlook(early_of(fake, higher(fake, 200, 12)));
  EXPECT_TRUE(found.accepted) << "they count for no verdict";
  EXPECT_TRUE(found.shortfalls.empty() || found.refused_from);
}

TEST(Outlook, AWaiverHasALastDay) {
  FakeIntel fake;
  fake.tcb_info.levels = testing::level(1, "OutOfDate", false, 1, 3, "\"INTEL-SA-1\"");
  Judged judged = of(fake);
  judged.policy.dcap.statuses.insert(sgx::TcbStatus::OutOfDate);
  const codec::UnixTime until{test_now.seconds + 5 * codec::seconds_per_day};
  judged.policy.dcap.waivers = {{"INTEL-SA-1", until}};
  const Outlook found = judged.outlook();
  ASSERT_TRUE(found.accepted) << found.reasons.at(0);
  EXPECT_EQ(found.refused_from, codec::UnixTime{until.seconds + 1});
  ASSERT_EQ(found.reasons.size(), 1U);
  EXPECT_TRUE(found.reasons[0].starts_with("INTEL-SA-1 is waived until "));
  judged.policy.dcap.waivers = {{"INTEL-SA-1", Waiver::forever}};
  EXPECT_FALSE(judged.outlook().refused_from);
}

TEST(Outlook, OfAPlatformThatIsRefusedSaysWhy) {
  const FakeAmd fake;
  Judged judged{evidence::Evidence::parse(fake.signed_report()).value(),
                Collateral::parse(fake.endorsements()), fake.policy()};
  const Outlook good = judged.outlook();
  EXPECT_TRUE(good.accepted);
  EXPECT_EQ(good.kind, "SEV-SNP Milan");
  judged.policy.snp.min_reported_tcb.snp = 255;
  const Outlook found = judged.outlook();
  EXPECT_FALSE(found.accepted);
  ASSERT_EQ(found.reasons.size(), 1U);
  EXPECT_TRUE(found.reasons[0].starts_with("snp.reported-tcb: "));
}

}  // namespace
}  // namespace merlon::verify
