// A clock that is set back, and documents that are older than what was there before. That lists of
// the vendors do not go back is tested with genuine ones (tests/verify/vectors_main.cc).

#include "merlon/verify/moment.h"

#include <gtest/gtest.h>

#include "merlon/verify/testing/fake_amd.h"
#include "merlon/verify/testing/fake_intel.h"

namespace merlon::verify {
namespace {

using testing::FakeAmd;
using testing::FakeIntel;
using x509::testing::test_now;

codec::UnixTime in_days(std::int64_t days) {
  return {test_now.seconds + days * codec::seconds_per_day};
}

template <typename Fake>
Appraisal judged(const Fake& fake, const evidence::Endorsements& all, const Moment& moment) {
  const auto bytes = [&] {
    if constexpr (std::is_same_v<Fake, FakeIntel>) return fake.quote();
    else return fake.signed_report();
  }();
  const auto evidence = evidence::Evidence::parse(bytes);
  return appraise(*evidence, Collateral::parse(all), fake.policy(), moment);
}

/// What `later` issues as well.
evidence::Endorsements with(evidence::Endorsements all, const evidence::Endorsements& later) {
  EXPECT_TRUE(all.merge(later));
  return all;
}

FakeIntel with_newer_documents(FakeIntel intel) {
  for (auto* shape : {&intel.tcb_info, &intel.identity}) {
    shape->evaluation = 18;
    shape->issued = "2025-06-20T00:00:00Z";
    shape->next = "2025-07-20T00:00:00Z";
  }
  intel.tcb_info.levels = testing::level(5, "Revoked", intel.is_tdx);
  return intel;
}

std::vector<Check> only(Check check) { return {check}; }

TEST(Clock, MustNotBeBeforeADocumentThatIsThere) {
  const FakeIntel intel(false);
  const auto all = with(intel.endorsements(), with_newer_documents(intel).endorsements());
  EXPECT_TRUE(judged(intel, intel.endorsements(), Moment::by_clock(test_now, {})).accepted());
  const Appraisal set_back = judged(intel, all, Moment::by_clock(test_now, {}));
  EXPECT_EQ(set_back.refusals(), only(Check::Clock));
  EXPECT_NE(set_back.find(Check::Clock)->got.find("2025-06-20"), std::string::npos);
}

TEST(Clock, OfATimeThatWasAskedForTheAnswerWarns) {
  const FakeIntel intel(false);
  const auto all = with(intel.endorsements(), with_newer_documents(intel).endorsements());
  const Appraisal asked = judged(intel, all, Moment::asked_for(test_now));
  EXPECT_TRUE(asked.accepted());
  EXPECT_TRUE(std::ranges::any_of(asked.warnings, [](const std::string& each) {
    return each.find("2025-06-20") != std::string::npos;
  }));
}

TEST(Clock, IsNotMovedByWhatAStrangerSigns) {
  const FakeIntel intel(false);
  FakeIntel stranger(false);
  const auto all = with(intel.endorsements(), with_newer_documents(stranger).endorsements());
  EXPECT_TRUE(judged(intel, all, Moment::by_clock(test_now, {})).accepted());
}

TEST(Clock, MustNotBeBeforeAListThatIsThere) {
  const FakeAmd amd;
  FakeAmd later = amd;
  later.list.this_update = in_days(3);
  later.list.next_update = in_days(30);
  const auto all = with(amd.endorsements(), later.endorsements());
  EXPECT_EQ(judged(amd, all, Moment::by_clock(test_now, {})).refusals(), only(Check::Clock));
  EXPECT_TRUE(judged(amd, all, Moment::by_clock(in_days(3), {})).accepted());
  EXPECT_TRUE(judged(amd, all, Moment::asked_for(test_now)).accepted());
}

TEST(Clock, MustNotBeBeforeWhatWasSeen) {
  const FakeAmd amd;
  Memory memory;
  memory.newest_issue = in_days(1);
  const auto all = amd.endorsements();
  EXPECT_EQ(judged(amd, all, Moment::by_clock(test_now, memory)).refusals(), only(Check::Clock));
  EXPECT_TRUE(judged(amd, all, Moment::by_clock(in_days(1), memory)).accepted());
}

TEST(Seen, EvaluationDataMustNotGoBack) {
  const FakeIntel intel(false);
  Memory memory;
  memory.evaluation_number = 18;
  const Appraisal back = judged(intel, intel.endorsements(), Moment::by_clock(test_now, memory));
  EXPECT_EQ(back.refusals(), (std::vector{Check::TcbInfoEvaluation, Check::QeIdentityEvaluation}));
  EXPECT_EQ(back.find(Check::TcbInfoEvaluation)->cause, Cause::StaleEndorsement);
  memory.evaluation_number = 17;
  EXPECT_TRUE(judged(intel, intel.endorsements(), Moment::by_clock(test_now, memory)).accepted());
}

TEST(Seen, ADocumentMustNotGoBackThoughItsNumberStays) {
  const FakeIntel intel(false);
  const auto all = intel.endorsements();
  const auto issued = codec::parse_rfc3339(intel.tcb_info.issued).value();
  Memory memory;
  memory.documents["identity-QE"] = {issued.seconds + 1};
  const Appraisal back = judged(intel, all, Moment::by_clock(test_now, memory));
  EXPECT_EQ(back.refusals(), only(Check::QeIdentityEvaluation));
  EXPECT_EQ(back.find(Check::QeIdentityEvaluation)->cause, Cause::StaleEndorsement);
  memory.documents["identity-QE"] = issued;
  memory.documents["identity-TD_QE"] = {issued.seconds + 1};
  EXPECT_TRUE(judged(intel, all, Moment::by_clock(test_now, memory)).accepted());
  const auto tcb_name = base::concat("tcb-sgx-", base::hex(intel.platform.fmspc), "-",
                                     base::hex(intel.platform.pce_id));
  memory.documents[tcb_name] = {issued.seconds + 1};
  EXPECT_EQ(judged(intel, all, Moment::by_clock(test_now, memory)).refusals(),
            only(Check::TcbInfoEvaluation));
}

/// Our own document, which was fetched a while ago, is over; the host brings an older one that is
/// still fresh.
TEST(Evaluation, OfADocumentThatIsOverStillCounts) {
  for (const bool tdx : {false, true}) {
    const FakeIntel host(tdx);
    const auto evidence = evidence::Evidence::parse(host.quote());
    const auto refusals = [&](const FakeIntel& ours, const Moment& moment) {
      return appraise(*evidence, Collateral::parse(ours.endorsements(), host.endorsements()),
                      host.policy(), moment)
          .refusals();
    };
    FakeIntel ours = host;
    for (auto* shape : {&ours.tcb_info, &ours.identity}) {
      shape->evaluation = 18;
      shape->issued = "2025-05-01T00:00:00Z";
      shape->next = "2025-05-31T00:00:00Z";
    }
    const Moment now = Moment::by_clock(test_now, {});
    EXPECT_EQ(refusals(ours, now),
              (std::vector{Check::TcbInfoEvaluation, Check::QeIdentityEvaluation}));
    FakeIntel tcb_info = ours;
    tcb_info.no_identity = true;
    EXPECT_EQ(refusals(tcb_info, now), only(Check::TcbInfoEvaluation));
    FakeIntel identity = ours;
    identity.no_tcb_info = true;
    EXPECT_EQ(refusals(identity, now), only(Check::QeIdentityEvaluation));
    FakeIntel unsigned_ones = ours;
    unsigned_ones.bad_tcb_info_signature = unsigned_ones.bad_identity_signature = true;
    EXPECT_EQ(refusals(unsigned_ones, now), std::vector<Check>{});
    ours.tcb_info.evaluation = ours.identity.evaluation = 17;
    EXPECT_EQ(refusals(ours, now), std::vector<Check>{});
    // What is issued later is not known at a time that was asked for.
    EXPECT_EQ(refusals(with_newer_documents(host), Moment::asked_for(test_now)),
              std::vector<Check>{});
  }
}

TEST(Evaluation, OfAnotherPlatformsDocumentDoesNotCount) {
  const FakeIntel sgx(false);
  FakeIntel other(true);
  other.signer_key = sgx.signer_key;
  other.tcb_info.evaluation = other.identity.evaluation = 19;
  const auto all = with(sgx.endorsements(), other.endorsements());
  EXPECT_TRUE(judged(sgx, all, Moment::by_clock(test_now, {})).accepted());
}

TEST(Seen, NothingUnderARootThatOnlyThePolicyTrusts) {
  const FakeIntel intel(false);
  EXPECT_EQ(judged(intel, intel.endorsements(), Moment::by_clock(test_now, {})).seen, Memory{});
  const FakeAmd amd;
  EXPECT_EQ(judged(amd, amd.endorsements(), Moment::by_clock(test_now, {})).seen, Memory{});
}

TEST(Carried, AListMayRefuseAndNotVouch) {
  FakeAmd amd;
  const auto evidence = evidence::Evidence::parse(amd.signed_report());
  FakeAmd without = amd;
  without.no_list = true;
  const auto own = without.endorsements();
  const auto answer = [&](const FakeAmd& sender, const Policy& policy) {
    return appraise(*evidence, Collateral::parse(own, sender.endorsements()), policy,
                    Moment::by_clock(test_now, {}));
  };
  const Appraisal carried = answer(amd, amd.policy());
  EXPECT_EQ(carried.refusals(), only(Check::SnpCaRevocation));
  EXPECT_EQ(carried.find(Check::SnpCaRevocation)->cause, Cause::MissingEndorsement);
  EXPECT_NE(carried.find(Check::SnpCaRevocation)->to_accept, "");
  Policy trusting = amd.policy();
  trusting.carried_lists = true;
  EXPECT_TRUE(answer(amd, trusting).accepted());
  FakeAmd revoking = amd;
  revoking.list.serials = {8};  // the ASK
  EXPECT_EQ(appraise(*evidence, Collateral::parse(amd.endorsements(), revoking.endorsements()),
                     amd.policy(), Moment::by_clock(test_now, {}))
                .refusals(),
            only(Check::SnpCaRevocation));
}

/// Of the two lists of a root, all with the name of the root and its signature.
TEST(Carried, NoListVouchesForAVlek) {
  FakeAmd sender("Milan", true);
  const auto evidence = evidence::Evidence::parse(sender.signed_report());
  FakeAmd without = sender;
  without.no_list = without.no_second_list = true;
  FakeAmd one = sender;
  one.no_second_list = true;
  Policy policy = sender.policy();
  policy.carried_lists = true;
  const auto refusals = [&](const FakeAmd& own, const FakeAmd& carried) {
    return appraise(*evidence, Collateral::parse(own.endorsements(), carried.endorsements()),
                    policy, Moment::by_clock(test_now, {}))
        .refusals();
  };
  EXPECT_EQ(refusals(without, sender), only(Check::SnpLeafRevocation));
  EXPECT_EQ(refusals(one, sender), only(Check::SnpLeafRevocation));
  EXPECT_EQ(refusals(sender, sender), std::vector<Check>{});
  EXPECT_EQ(refusals(sender, without), std::vector<Check>{});
  sender.second_list.serials = {sender.leaf.serial};
  FakeAmd both = sender;
  both.second_list.serials = {};
  EXPECT_EQ(refusals(both, sender), only(Check::SnpLeafRevocation)) << "what it has is revoked";
  // Two editions of the list for VCEKs hide the one that has the VLEK.
  FakeAmd hiding = one;
  hiding.list.this_update.seconds -= codec::seconds_per_day;
  EXPECT_EQ(refusals(one, hiding), only(Check::SnpLeafRevocation));
}

TEST(Carried, WhatOneHasOneselfCountsAsOnesOwn) {
  const FakeAmd amd;
  const auto evidence = evidence::Evidence::parse(amd.signed_report());
  const auto all = amd.endorsements();
  const Collateral both = Collateral::parse(all, all);
  EXPECT_EQ(both.lists.size(), 1U);
  EXPECT_TRUE(appraise(*evidence, both, amd.policy(), Moment::by_clock(test_now, {})).accepted());
}

}  // namespace
}  // namespace merlon::verify
