#include "merlon/verify/verifier.h"

#include <algorithm>
#include <thread>

#include <gtest/gtest.h>

#include "merlon/codec/pem.h"
#include "merlon/verify/testing/fake_amd.h"
#include "merlon/verify/testing/fake_intel.h"

namespace merlon::verify {
namespace {

using testing::FakeAmd;
using testing::FakeIntel;
using x509::testing::extension;
using x509::testing::test_now;

Appraisal appraise(const evidence::Evidence& evidence, const Collateral& collateral,
                   const Policy& policy, codec::UnixTime now) {
  return verify::appraise(evidence, collateral, policy, Moment::by_clock(now, {}));
}

evidence::Evidence parsed(core::ByteView bytes) { return evidence::Evidence::parse(bytes).value(); }

TEST(Appraisal, StartsAsARefusal) {
  EXPECT_EQ(Appraisal{}.verdict, Verdict::Refused);
  EXPECT_FALSE(Finding{}.passed);
  EXPECT_EQ(static_cast<int>(Verdict::Refused), 0);
}

std::vector<std::string> claims_of(const Appraisal& appraisal) {
  std::vector<std::string> names;
  for (const Claim& claim : appraisal.claims) {
    names.push_back(claim.name);
    EXPECT_NE(claim.value, "") << claim.name;
  }
  std::ranges::sort(names);
  return names;
}

/// Programs read them by their names.
TEST(Appraisal, HasTheseClaims) {
  using Names = std::vector<std::string>;
  const FakeIntel sgx(false);
  EXPECT_EQ(claims_of(appraise(parsed(sgx.quote()), Collateral::parse(sgx.endorsements()),
                               sgx.policy(), test_now)),
            (Names{"FMSPC", "ISVPRODID", "ISVSVN", "MRENCLAVE", "MRSIGNER", "PCEID", "PCESVN",
                   "PPID", "QE version", "TCB components", "XFRM", "attributes", "debug",
                   "quote version", "report data"}));
  const FakeIntel tdx(true);
  EXPECT_EQ(
      claims_of(appraise(parsed(tdx.quote()), Collateral::parse(tdx.endorsements()), tdx.policy(),
                         test_now)),
      (Names{"FMSPC", "MRCONFIGID",    "MROWNER",        "MROWNERCONFIG", "MRSEAM", "MRTD",
             "PCEID", "PCESVN",        "PPID",           "QE version",    "RTMR0",  "RTMR1",
             "RTMR2", "RTMR3",         "TCB components", "TEE TCB SVN",   "XFAM",   "attributes",
             "debug", "quote version", "report data"}));
  const FakeAmd amd;
  EXPECT_EQ(
      claims_of(appraise(parsed(amd.signed_report()), Collateral::parse(amd.endorsements()),
                         amd.policy(), test_now)),
      (Names{"VMPL", "author key digest", "chip id", "committed firmware", "debug", "family id",
             "guest SVN", "host data", "id key digest", "image id", "launch TCB", "measurement",
             "platform info", "policy", "report data", "report version", "reported TCB"}));
}

TEST(Appraisal, ADocumentThatCannotBeReadIsNotSaidToBeMissing) {
  FakeIntel fake(false);
  fake.tcb_info.levels = testing::level(9, "UpToDate") + "," + testing::level(5, "Splendid");
  const Appraisal appraisal = appraise(parsed(fake.quote()), Collateral::parse(fake.endorsements()),
                                       fake.policy(), test_now);
  const Finding* finding = appraisal.find(Check::TcbInfoFound);
  EXPECT_FALSE(finding->passed);
  EXPECT_EQ(finding->cause, Cause::Other);
  EXPECT_NE(finding->got.find("cannot be read"), std::string::npos) << finding->got;
  EXPECT_NE(finding->got.find("(level or byte 2)"), std::string::npos) << finding->got;
}

TEST(Appraisal, OfAnotherProductsChainItSaysSo) {
  FakeAmd genoa("Genoa");
  FakeAmd milan("Milan");
  genoa.no_leaf = true;
  milan.no_ca = true;
  auto all = genoa.endorsements();
  const auto leaf = milan.endorsements();
  for (const auto& each : leaf.certificates) {
    const auto certificate = x509::Certificate::parse(each);
    if (certificate->common_name() == "SEV-VCEK") (void)all.add_certificate(each);
  }
  const Appraisal appraisal =
      appraise(parsed(milan.signed_report()), Collateral::parse(all), milan.policy(), test_now);
  const Finding* form = appraisal.find(Check::SnpForm);
  EXPECT_FALSE(form->passed);
  EXPECT_NE(form->got.find("is of ARK-Genoa, and the processor is a Milan"), std::string::npos)
      << form->got;
}

TEST(Appraisal, TellsIntelsLevelsAndWhichIsTaken) {
  FakeIntel fake(false);
  fake.tcb_info.levels = testing::level(9, "UpToDate") + "," + testing::level(5, "OutOfDate") +
                         "," + testing::level(1, "OutOfDate");
  const Appraisal appraisal = appraise(parsed(fake.quote()), Collateral::parse(fake.endorsements()),
                                       fake.policy(), test_now);
  ASSERT_EQ(appraisal.tcb_levels.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(appraisal.tcb_levels[i].taken, i == 1) << i;
    EXPECT_EQ(appraisal.tcb_levels[i].reached, i >= 1) << i;
  }
  EXPECT_EQ(appraisal.tcb_levels[0].status, "UpToDate");
}

/// Who asks is told to fetch only if that would help.
TEST(Appraisal, SaysWhetherSomethingIsMissingOrStale) {
  const auto cause = [](auto change, Check check) {
    FakeIntel fake(false);
    Policy policy = fake.policy();
    change(fake, policy);
    const Appraisal appraisal =
        appraise(parsed(fake.quote()), Collateral::parse(fake.endorsements()), policy, test_now);
    const Finding* finding = appraisal.find(check);
    EXPECT_FALSE(finding->passed);
    return finding->cause;
  };
  using enum Cause;
  EXPECT_EQ(cause([](FakeIntel& f, Policy&) { f.no_tcb_info = true; }, Check::TcbInfoFound),
            MissingEndorsement);
  EXPECT_EQ(cause([](FakeIntel& f, Policy&) { f.no_identity = true; }, Check::QeIdentityFound),
            MissingEndorsement);
  EXPECT_EQ(cause([](FakeIntel& f, Policy&) { f.no_signer = true; }, Check::TcbSignerPath),
            MissingEndorsement);
  EXPECT_EQ(cause([](FakeIntel& f, Policy&) { f.no_root_list = true; }, Check::PckCaRevocation),
            MissingEndorsement);
  EXPECT_EQ(cause([](FakeIntel& f, Policy&) { f.tcb_info.next = "2025-06-02T00:00:00Z"; },
                  Check::TcbInfoFresh),
            StaleEndorsement);
  EXPECT_EQ(cause([](FakeIntel&, Policy& p) { p.max_age.all = std::chrono::seconds(1); },
                  Check::TcbInfoFresh),
            StaleEndorsement);
  EXPECT_EQ(cause([](FakeIntel& f, Policy&) { f.tcb_info.issued = "2025-06-16T00:00:00Z"; },
                  Check::TcbInfoFresh),
            Other);
  EXPECT_EQ(cause([](FakeIntel& f, Policy&) { f.ca_list.next_update = f.ca_list.this_update; },
                  Check::PckRevocation),
            StaleEndorsement);
  EXPECT_EQ(cause([](FakeIntel&, Policy& p) { p.max_age.all = std::chrono::seconds(1); },
                  Check::PckRevocation),
            StaleEndorsement);
  EXPECT_EQ(
      cause([](FakeIntel& f, Policy&) { f.bad_quote_signature = true; }, Check::QuoteSignature),
      Other);
}

TEST(Appraisal, KvmIsAlwaysRefused) {
  evidence::Evidence evidence;
  Policy policy;
  policy.technologies.insert(evidence::Technology::Kvm);
  const Appraisal appraisal = appraise(evidence, {}, policy, test_now);
  EXPECT_FALSE(appraisal.accepted());
  EXPECT_EQ(appraisal.refusals(), std::vector<Check>{Check::Technology});
}

TEST(Appraisal, EveryCheckOfTheTechnologyIsMadeInItsOrder) {
  const FakeAmd fake;
  const Appraisal appraisal = appraise(parsed(fake.signed_report()), {}, {}, test_now);
  std::vector<Check> wanted, made;
  for (const CheckRow& row : all_checks()) {
    if (concerns(row, evidence::Technology::Snp)) wanted.push_back(row.check);
  }
  for (const Finding& finding : appraisal.findings) {
    made.push_back(finding.check);
    EXPECT_FALSE(finding.wanted.empty()) << row_of(finding.check).name;
    EXPECT_FALSE(finding.got.empty()) << row_of(finding.check).name;
    EXPECT_NE(finding.got, "was not judged") << row_of(finding.check).name;
  }
  EXPECT_EQ(made, wanted);
}

TEST(Appraisal, ExpiresWithTheFirstThingItUsed) {
  FakeIntel fake;
  fake.ca_list.next_update = {test_now.seconds + 100};
  const auto collateral = Collateral::parse(fake.endorsements());
  EXPECT_EQ(appraise(parsed(fake.quote()), collateral, fake.policy(), test_now).expiry,
            codec::UnixTime{test_now.seconds + 100});
  fake.pck.not_after = {test_now.seconds + 50};
  EXPECT_EQ(appraise(parsed(fake.quote()), Collateral::parse(fake.endorsements()), fake.policy(),
                     test_now)
                .expiry,
            codec::UnixTime{test_now.seconds + 50});
}

TEST(Appraisal, IsAcceptedUntilItsExpiryAndNoLonger) {
  const FakeIntel fake;
  const auto collateral = Collateral::parse(fake.endorsements());
  const auto evidence = parsed(fake.quote());
  const auto expiry = appraise(evidence, collateral, fake.policy(), test_now).expiry.value();
  EXPECT_TRUE(appraise(evidence, collateral, fake.policy(), expiry).accepted());
  EXPECT_FALSE(appraise(evidence, collateral, fake.policy(), codec::UnixTime{expiry.seconds + 1})
                   .accepted());
}

/// With which of the two lists a VLEK's verdict ends.
void expect_to_end(const FakeAmd& fake, const Policy& policy, codec::UnixTime end) {
  const auto collateral = Collateral::parse(fake.endorsements());
  const auto evidence = parsed(fake.signed_report());
  const auto accepted = [&](codec::UnixTime now) {
    return appraise(evidence, collateral, policy, now).accepted();
  };
  const Appraisal first = appraise(evidence, collateral, policy, test_now);
  EXPECT_TRUE(first.accepted());
  EXPECT_EQ(first.expiry, end);
  EXPECT_TRUE(accepted(end));
  EXPECT_FALSE(accepted({end.seconds + 1}));
}

TEST(Appraisal, UnderAVlekItEndsWithTheFirstOfBothLists) {
  FakeAmd fake("Milan", true);
  Policy policy = fake.policy();
  fake.second_list.next_update = {test_now.seconds + 100};
  expect_to_end(fake, policy, fake.second_list.next_update);
  std::swap(fake.list.next_update, fake.second_list.next_update);
  expect_to_end(fake, policy, fake.list.next_update);
}

TEST(Appraisal, UnderAVlekItEndsWhenTheFirstOfBothListsIsTooOld) {
  FakeAmd fake("Milan", true);
  Policy policy = fake.policy();
  policy.max_age.list = std::chrono::hours(24 * 15);
  const codec::UnixTime older = fake.second_list.this_update;
  ASSERT_LT(older, fake.list.this_update);
  expect_to_end(fake, policy, {older.seconds + 15 * codec::seconds_per_day});
}

TEST(Appraisal, WhereOneListMayMissItEndsWithTheOther) {
  FakeAmd fake("Milan", true);
  Policy policy = fake.policy();
  policy.revocation = RevocationRule::IfPresent;
  fake.no_second_list = true;
  expect_to_end(fake, policy, fake.list.next_update);
}

TEST(Appraisal, SurplusEndorsementsChangeNothing) {
  const FakeIntel fake;
  const FakeIntel other;
  evidence::Endorsements all = other.endorsements();
  ASSERT_TRUE(all.merge(fake.endorsements()).has_value());
  ASSERT_TRUE(all.add_document("{}").has_value());
  ASSERT_TRUE(all.add_certificate(core::as_bytes("no certificate")).has_value());
  const auto collateral = Collateral::parse(all);
  EXPECT_EQ(collateral.unreadable, 2U);
  EXPECT_TRUE(appraise(parsed(fake.quote()), collateral, fake.policy(), test_now).accepted());
}

TEST(Appraisal, TheNewestSignedDocumentCounts) {
  FakeIntel fake;
  evidence::Endorsements all = fake.endorsements();
  fake.tcb_info.evaluation = 18;
  fake.tcb_info.levels = testing::level(6, "UpToDate") + "," + testing::level(5, "OutOfDate");
  ASSERT_TRUE(all.merge(fake.endorsements()).has_value());
  EXPECT_EQ(
      appraise(parsed(fake.quote()), Collateral::parse(all), fake.policy(), test_now).refusals(),
      std::vector<Check>{Check::TcbStatus});
}

TEST(Appraisal, AForgedEndorsementDoesNotHideTheGenuineOne) {
  FakeAmd fake;
  evidence::Endorsements forged = fake.endorsements();
  FakeAmd other;
  other.leaf_key = fake.leaf_key;  // the genuine key under another's certificate
  evidence::Endorsements all = other.endorsements();
  ASSERT_TRUE(all.merge(forged).has_value());
  EXPECT_TRUE(
      appraise(parsed(fake.signed_report()), Collateral::parse(all), fake.policy(), test_now)
          .accepted());
}

TEST(Appraisal, AnEndorsementUnderARevokedCaDoesNotHideAnotherOfTheSameKey) {
  FakeAmd before;
  before.ca.serial = 4711;
  FakeAmd after = before;
  after.ca.serial = 8;
  after.ca_key = x509::testing::SigningKey(crypto::KeyKind::P384);
  before.list.serials = after.list.serials = {4711};
  const auto evidence = parsed(after.signed_report());
  for (const bool revoked_first : {true, false}) {
    evidence::Endorsements all = (revoked_first ? before : after).endorsements();
    ASSERT_TRUE(all.merge((revoked_first ? after : before).endorsements()).has_value());
    EXPECT_TRUE(appraise(evidence, Collateral::parse(all), after.policy(), test_now).accepted());
  }
  EXPECT_EQ(appraise(evidence, Collateral::parse(before.endorsements()), after.policy(), test_now)
                .refusals(),
            std::vector<Check>{Check::SnpCaRevocation});
}

TEST(Appraisal, PreparedCollateralGivesTheSameAnswersOnManyThreads) {
  const FakeIntel fake;
  FakeIntel bad = fake;
  bad.bad_tcb_info_signature = true;
  const auto good = Collateral::prepare(fake.endorsements());
  const auto broken = Collateral::prepare(bad.endorsements());
  EXPECT_GT(good.memo.size(), 0U);
  const auto evidence = parsed(fake.quote());
  const Policy policy = fake.policy();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 10; ++round) {
        EXPECT_TRUE(appraise(evidence, good, policy, test_now).accepted());
        EXPECT_FALSE(appraise(evidence, broken, policy, test_now).accepted());
      }
    });
  }
}

TEST(Appraisal, TcbInfoOfVersionTwoOnlyOnRequest) {
  FakeIntel fake;
  fake.tcb_info.version = 2;
  std::string tcb = "{\"tcb\":{";
  for (int i = 1; i <= 16; ++i) {
    tcb += base::concat("\"sgxtcbcomp", i < 10 ? "0" : "", i, "svn\":5,");
  }
  fake.tcb_info.levels =
      tcb + R"("pcesvn":11},"tcbDate":"2024-01-01T00:00:00Z","tcbStatus":"UpToDate"})";
  const auto collateral = Collateral::parse(fake.endorsements());
  Policy policy = fake.policy();
  EXPECT_FALSE(appraise(parsed(fake.quote()), collateral, policy, test_now).accepted());
  policy.dcap.tcb_info_v2 = true;
  EXPECT_TRUE(appraise(parsed(fake.quote()), collateral, policy, test_now).accepted());
}

TEST(Appraisal, ATdxModuleIsNamedInCapitalsOrNot) {
  FakeIntel fake(true);
  fake.body[1] = 0xAB;
  const auto accepted_with = [&](std::string_view id) {
    FakeIntel changed = fake;
    std::string& text = changed.tcb_info.extra;
    text.replace(text.find("TDX_01"), 6, id);
    return appraise(parsed(changed.quote()), Collateral::parse(changed.endorsements()),
                    changed.policy(), test_now)
        .accepted();
  };
  EXPECT_TRUE(accepted_with("TDX_ab"));
  EXPECT_TRUE(accepted_with("TDX_AB"));
  EXPECT_FALSE(accepted_with("TDX_AC"));
  EXPECT_FALSE(accepted_with("TDX_ABC"));
}

TEST(Chain, ItsOrderInTheQuoteMeansNothing) {
  const FakeIntel fake;
  evidence::Evidence evidence = parsed(fake.quote());
  const std::string pem(
      core::as_text(std::get<evidence::SgxEvidence>(evidence.report).quote.pck_chain));
  const auto second = pem.find("-----BEGIN", 10);
  const std::string turned = pem.substr(second) + pem.substr(0, second);
  auto& quote = std::get<evidence::SgxEvidence>(evidence.report).quote;
  quote.pck_chain = core::as_bytes(turned);
  EXPECT_TRUE(appraise(evidence, Collateral::parse(fake.endorsements()), fake.policy(), test_now)
                  .accepted());
  const std::string more = pem + pem.substr(0, second);
  quote.pck_chain = core::as_bytes(more);
  EXPECT_TRUE(std::ranges::count(appraise(evidence, Collateral::parse(fake.endorsements()),
                                          fake.policy(), test_now)
                                     .refusals(),
                                 Check::PckForm) == 1);
}

TEST(Chain, WhatTheQuoteLeavesOutComesFromTheEndorsements) {
  FakeIntel fake;
  evidence::Endorsements all = fake.endorsements();
  ASSERT_TRUE(all.add_certificate(x509::testing::issue(fake.ca, fake.ca_key.spki(), fake.root_key))
                  .has_value());
  fake.no_pck_ca = fake.no_pck_root = true;
  const auto evidence = parsed(fake.quote());
  const auto collateral = Collateral::parse(all);
  EXPECT_TRUE(appraise(evidence, collateral, fake.policy(), test_now).accepted());
  // It is judged by the same rules: another's root is none.
  const Appraisal appraisal = appraise(evidence, collateral, Policy{}, test_now);
  EXPECT_FALSE(appraisal.find(Check::PckAnchor)->passed);
  EXPECT_TRUE(appraisal.find(Check::PckForm)->passed);
}

TEST(Chain, TheLeafComesFromTheQuoteAlone) {
  const FakeIntel fake;
  evidence::Evidence evidence = parsed(fake.quote());
  auto& quote = std::get<evidence::SgxEvidence>(evidence.report).quote;
  const std::string pem(core::as_text(quote.pck_chain));
  const std::string rest = pem.substr(pem.find("-----BEGIN", 10));
  evidence::Endorsements all = fake.endorsements();
  ASSERT_TRUE(all.add(quote.pck_chain).has_value());
  quote.pck_chain = core::as_bytes(rest);
  const Appraisal appraisal = appraise(evidence, Collateral::parse(all), fake.policy(), test_now);
  EXPECT_FALSE(appraisal.find(Check::PckForm)->passed);
  EXPECT_FALSE(appraisal.find(Check::QeReportSignature)->passed);
}

TEST(Chain, NothingElseStandsInAQuote) {
  const FakeIntel fake;
  evidence::Evidence evidence = parsed(fake.quote());
  auto& quote = std::get<evidence::SgxEvidence>(evidence.report).quote;
  const auto collateral = Collateral::parse(fake.endorsements());
  const std::string pem(core::as_text(quote.pck_chain));
  for (const evidence::Bytes& der : fake.endorsements().certificates) {  // root and TCB signer
    const std::string more = pem + codec::to_pem("CERTIFICATE", der);
    quote.pck_chain = core::as_bytes(more);
    EXPECT_EQ(appraise(evidence, collateral, fake.policy(), test_now).find(Check::PckForm)->passed,
              false);
  }
  for (const std::string_view tail : {std::string_view("\0\0", 2), std::string_view("\r\n\0", 3)}) {
    const std::string padded = pem + std::string(tail);
    quote.pck_chain = core::as_bytes(padded);
    EXPECT_TRUE(appraise(evidence, collateral, fake.policy(), test_now).accepted());
  }
}

TEST(Appraisal, ExpiresBeforeThePolicyFindsAnythingTooOld) {
  const FakeIntel fake;
  const auto collateral = Collateral::parse(fake.endorsements());
  const auto evidence = parsed(fake.quote());
  Policy policy = fake.policy();
  policy.max_age.all = std::chrono::hours(24 * 20);
  const auto first = appraise(evidence, collateral, policy, test_now);
  ASSERT_TRUE(first.accepted());
  const auto expiry = first.expiry.value();
  EXPECT_LT(expiry, appraise(evidence, collateral, fake.policy(), test_now).expiry.value());
  EXPECT_TRUE(appraise(evidence, collateral, policy, expiry).accepted());
  EXPECT_FALSE(
      appraise(evidence, collateral, policy, codec::UnixTime{expiry.seconds + 1}).accepted());
}

TEST(Appraisal, ThePolicyBoundsTheAgeOfEachKindAlone) {
  const FakeIntel fake;
  const auto collateral = Collateral::parse(fake.endorsements());
  const auto evidence = parsed(fake.quote());
  const auto refusals = [&](const auto& change) {
    Policy policy = fake.policy();
    change(policy.max_age);
    return appraise(evidence, collateral, policy, test_now).refusals();
  };
  constexpr std::chrono::seconds brief{1};
  EXPECT_EQ(refusals([&](MaxAges& ages) { ages.tcb_info = brief; }),
            std::vector{Check::TcbInfoFresh});
  EXPECT_EQ(refusals([&](MaxAges& ages) { ages.identity = brief; }),
            std::vector{Check::QeIdentityFresh});
  EXPECT_EQ(
      refusals([&](MaxAges& ages) { ages.list = brief; }),
      (std::vector{Check::PckCaRevocation, Check::PckRevocation, Check::TcbSignerRevocation}));
  EXPECT_EQ(refusals([&](MaxAges& ages) {
              ages.all = brief;
              ages.list = ages.tcb_info = ages.identity = std::chrono::hours(24 * 400);
            }),
            std::vector<Check>{});
  const FakeAmd amd;
  Policy policy = amd.policy();
  policy.max_age.tcb_info = policy.max_age.identity = brief;
  const auto amds = Collateral::parse(amd.endorsements());
  EXPECT_TRUE(appraise(parsed(amd.signed_report()), amds, policy, test_now).accepted());
  policy.max_age.list = brief;
  EXPECT_EQ(appraise(parsed(amd.signed_report()), amds, policy, test_now).refusals(),
            std::vector{Check::SnpCaRevocation});
}

TEST(Appraisal, AListThatCannotBeReadIsNotAMissingOne) {
  FakeAmd fake;
  fake.no_list = true;
  Policy policy = fake.policy();
  policy.revocation = RevocationRule::IfPresent;
  evidence::Endorsements all = fake.endorsements();
  const auto evidence = parsed(fake.signed_report());
  EXPECT_TRUE(appraise(evidence, Collateral::parse(all), policy, test_now).accepted());
  ASSERT_TRUE(all.add_revocation_list(core::as_bytes("half a list")).has_value());
  EXPECT_EQ(appraise(evidence, Collateral::parse(all), policy, test_now).refusals(),
            std::vector<Check>{Check::SnpCaRevocation});
}

/// A request of a keep around SEV-SNP evidence.
evidence::Bytes request_around(const FakeAmd& fake, const x509::testing::SigningKey& key) {
  using codec::testing::octets;
  using codec::testing::sequence;
  const auto endorsements = fake.endorsements();
  const auto url = codec::testing::der(codec::DerTag::Utf8String, codec::testing::bytes_of("u"));
  const auto lists = sequence({sequence({sequence({url, endorsements.revocation_lists.at(0)})})});
  const auto body =
      sequence({sequence({endorsements.certificates.at(2), lists}), octets(fake.signed_report())});
  return x509::testing::issue_request({{extension({1, 3, 6, 1, 4, 1, 58270, 1, 3}, false, body)}},
                                      key);
}

TEST(Request, IsBoundToItsKeyAndProvesIt) {
  FakeAmd fake;
  const x509::testing::SigningKey key(crypto::KeyKind::P384);
  const auto data = evidence::enarx_report_data(evidence::Technology::Snp, key.spki());
  std::ranges::copy(data.view(), fake.report.begin() + 0x50);
  auto evidence = parsed(request_around(fake, key));
  const auto collateral = Collateral::parse(fake.endorsements());
  EXPECT_TRUE(appraise(evidence, collateral, fake.policy(), test_now).accepted());
  Policy demanding = fake.policy();
  demanding.binding = BindToRequest{true};
  EXPECT_TRUE(appraise(evidence, collateral, demanding, test_now).accepted());
  EXPECT_FALSE(appraise(parsed(fake.signed_report()), collateral, demanding, test_now).accepted());
  evidence.key->proven = false;
  EXPECT_EQ(appraise(evidence, collateral, fake.policy(), test_now).refusals(),
            std::vector<Check>{Check::KeyProof});
  const x509::testing::SigningKey thief(crypto::KeyKind::P384);
  EXPECT_EQ(
      appraise(parsed(request_around(fake, thief)), collateral, fake.policy(), test_now).refusals(),
      std::vector<Check>{Check::ReportData});
}

TEST(Request, WhateverThePolicyBindsItIsAboutTheRequestedKey) {
  FakeAmd fake;
  const x509::testing::SigningKey key(crypto::KeyKind::P384);
  const x509::testing::SigningKey thief(crypto::KeyKind::P384);
  const auto collateral = Collateral::parse(fake.endorsements());
  const auto refused = std::vector<Check>{Check::ReportData};
  Policy policy = fake.policy();
  const auto judged = [&](const evidence::ReportData& data, const auto& requester) {
    std::ranges::copy(data.view(), fake.report.begin() + 0x50);
    return appraise(parsed(request_around(fake, requester)), collateral, policy, test_now)
        .refusals();
  };
  const auto hash = evidence::enarx_report_data(evidence::Technology::Snp, key.spki());
  policy.binding = BindToData{hash};
  EXPECT_TRUE(judged(hash, key).empty());
  EXPECT_EQ(judged(hash, thief), refused);
  policy.binding = BindToKey{key.spki()};
  EXPECT_TRUE(judged(hash, key).empty());
  EXPECT_EQ(judged(hash, thief), refused);
  const BindToChallenge challenge{
      crypto::sha256({key.spki()}), {}, evidence::Nonce::from(evidence::Bytes(32, 1)).value()};
  const auto answer = evidence::keep_report_data(challenge.tls_key_digest,
                                                 challenge.hpke_key_digest, challenge.nonce);
  policy.binding = challenge;
  EXPECT_TRUE(judged(answer, key).empty());
  EXPECT_EQ(judged(answer, thief), refused);
  const BindToWork work{crypto::sha256({core::as_bytes("facts")}), crypto::sha256({key.spki()})};
  policy.binding = work;
  EXPECT_EQ(judged(evidence::work_report_data(work.launch_digest, work.said_digest), key), refused)
      << "what a workload said is in no request";
  policy.binding = BindToAnything{};
  EXPECT_TRUE(judged(answer, thief).empty());
}

TEST(Checks, NamesAreUniqueAndTheTableIsInOrder) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < all_checks().size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(all_checks()[i].check), i);
    names.push_back(all_checks()[i].name);
  }
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

}  // namespace
}  // namespace merlon::verify
