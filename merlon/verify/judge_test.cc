#include "merlon/verify/judge.h"

#include <gtest/gtest.h>

namespace merlon::verify {
namespace {

constexpr codec::UnixTime now{1'750'000'000};

TEST(Judge, ALaterYesDoesNotOverwriteANo) {
  const Moment moment = Moment::asked_for(now);
  for (const bool first : {false, true}) {
    for (const bool second : {false, true}) {
      Judge judge(evidence::Technology::Snp, moment);
      judge.check(Check::SnpDebug, first, "wanted", "first");
      judge.check(Check::SnpDebug, second, "wanted", "second");
      const Appraisal appraisal = judge.finish();
      EXPECT_EQ(appraisal.find(Check::SnpDebug)->passed, first && second);
      EXPECT_FALSE(appraisal.accepted());
    }
  }
}

TEST(Judge, ANoOfACheckThatDoesNotConcernTheTechnologyIsNotLost) {
  const Moment moment = Moment::asked_for(now);
  for (const bool strange : {true, false}) {
    Judge judge(evidence::Technology::Snp, moment);
    for (const CheckRow& row : all_checks()) {
      if (concerns(row, evidence::Technology::Snp)) judge.check(row.check, true, "", "");
    }
    judge.check(Check::SgxDebug, strange, "", "");
    EXPECT_EQ(judge.finish().accepted(), strange);
  }
}

TEST(Judge, WhatIsForgottenRefuses) {
  const Moment moment = Moment::asked_for(now);
  Judge judge(evidence::Technology::Snp, moment);
  for (const CheckRow& row : all_checks()) {
    if (concerns(row, evidence::Technology::Snp) && row.check != Check::SnpMeasurement) {
      judge.check(row.check, true, "", "");
    }
  }
  const Appraisal appraisal = judge.finish();
  EXPECT_EQ(appraisal.refusals(), std::vector{Check::SnpMeasurement});
  EXPECT_FALSE(appraisal.find(Check::SnpMeasurement)->made);
}

TEST(Judge, TheFirstThatEndsIsTheExpiry) {
  const Moment moment = Moment::asked_for(now);
  Judge judge(evidence::Technology::Snp, moment);
  judge.expire_by({30});
  judge.expire_by({20});
  judge.expire_by({25});
  judge.use({"thing", "a", {1}, {21}, false});
  judge.use({"thing", "a", {1}, {21}, false});
  judge.use({"thing", "b", {1}, {21}, false});
  judge.use({"other", "b", {1}, {21}, false});
  const Appraisal appraisal = judge.finish();
  EXPECT_EQ(appraisal.expiry->seconds, 20);
  EXPECT_EQ(appraisal.lifetimes.size(), 3U);
}

TEST(Judge, WarnsOfOneThingOnce) {
  const Moment moment = Moment::asked_for(now);
  Judge judge(evidence::Technology::Snp, moment);
  judge.warn("a");
  judge.warn("b");
  judge.warn("a");
  EXPECT_EQ(judge.finish().warnings, (std::vector<std::string>{"a", "b"}));
}

TEST(Judge, SaysWhatToWriteOnlyWhereItRefuses) {
  const Moment moment = Moment::asked_for(now);
  Judge judge(evidence::Technology::Snp, moment);
  judge.check(Check::SnpHostData, true, "", "", "[snp]");
  judge.check(Check::SnpIdKey, false, "", "", "[snp]");
  const Appraisal appraisal = judge.finish();
  EXPECT_EQ(appraisal.find(Check::SnpHostData)->to_accept, "");
  EXPECT_EQ(appraisal.find(Check::SnpIdKey)->to_accept, "[snp]");
}

}  // namespace
}  // namespace merlon::verify
