#include "merlon/identity/snp_attester.h"

#include <gtest/gtest.h>

#include "merlon/identity/testing/security_processor.h"

namespace merlon::identity {
namespace {

using core::ErrorCode;
using testing::Bytes;
using testing::honest;
using testing::Host;
using testing::Processor;
using testing::test_key;

Bytes secrets_page() {
  Bytes page(4096, 0);
  page[0] = 3;
  std::fill_n(page.begin() + 0x20, 128, std::uint8_t{0x5a});
  return page;
}

evidence::ReportData data(std::uint8_t with) {
  return evidence::ReportData::from(Bytes(64, with)).value();
}

TEST(SecretsPage, TheKeyIsTakenAndNoneStays) {
  Bytes page = secrets_page();
  std::fill_n(page.begin() + 0x40, 96, std::uint8_t{0xa5});
  auto taken = take_secrets(page);
  ASSERT_TRUE(taken.has_value());
  EXPECT_TRUE(std::ranges::equal(taken->seed.reveal(), Bytes(96, 0xa5)));
  Host host(honest);
  SnpAttester attester(std::move(taken->vmpck0), host);
  EXPECT_TRUE(attester.evidence_for(data(1)).has_value());
  for (std::size_t at = 0x20; at < 0xA0; ++at) ASSERT_EQ(page[at], 0) << at;
}

TEST(SecretsPage, OneThatWasNotFilledIsRefused) {
  Bytes page(4096, 0);
  EXPECT_FALSE(take_secrets(page).has_value());
  page[0] = 3;
  EXPECT_FALSE(take_secrets(page).has_value()) << "no key";
  page = secrets_page();
  page[0] = 1;
  EXPECT_FALSE(take_secrets(page).has_value()) << "another version";
  page = secrets_page();
  page.pop_back();
  EXPECT_FALSE(take_secrets(page).has_value());
}

TEST(SnpAttester, GivesTheReportThatWasAskedFor) {
  Host host(honest);
  host.table = {1, 2, 3};
  SnpAttester attester(test_key(), host);
  const auto report = attester.evidence_for(data(7));
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(snp::Report::parse(*report)->report_data.view()[63], 7);
  EXPECT_EQ(attester.certificates(), host.table);
  EXPECT_EQ(attester.technology(), evidence::Technology::Snp);
}

/// A firmware that answers as the test wants.
core::ErrorCode outcome(const snp::ReportResponse& response) {
  Host host([&](Processor&, core::ByteView) {
    return snp::seal(test_key(), {snp::MessageType::ReportResponse, 2, 0, response.bytes()});
  });
  SnpAttester attester(test_key(), host);
  const auto report = attester.evidence_for(data(7));
  EXPECT_FALSE(report.has_value());
  return report ? ErrorCode::Internal : report.error().code;
}

TEST(SnpAttester, AReportOfOtherDataOrAnotherLevelIsRefused) {
  using snp::ReportStatus;
  const auto seven = snp::ReportData::from(Bytes(64, 7)).value();
  const auto eight = snp::ReportData::from(Bytes(64, 8)).value();
  EXPECT_EQ(outcome({ReportStatus::Success, testing::unsigned_report(eight)}), ErrorCode::Denied);
  EXPECT_EQ(outcome({ReportStatus::Success, testing::unsigned_report(seven, 1)}),
            ErrorCode::Denied);
  EXPECT_EQ(outcome({ReportStatus::InvalidParameters, {}}), ErrorCode::Unsupported);
}

/// A firmware that answers a request for a key as the test wants.
core::Result<crypto::SecretBytes> key_of_answer(const Bytes& payload, KeyVersions versions) {
  Host host([&](Processor&, core::ByteView) {
    return snp::seal(test_key(), {snp::MessageType::KeyResponse, 2, 0, payload});
  });
  SnpAttester attester(test_key(), host);
  return attester.platform_key(versions);
}

KeyVersions all_fields() { return {0, {}, snp::all_key_fields}; }

TEST(SnpAttester, AKeyIsOfTheVersionsThatWereAskedFor) {
  Host host(honest);
  SnpAttester attester(test_key(), host);
  const auto newest = attester.newest_key_versions();
  ASSERT_TRUE(newest.has_value());
  EXPECT_EQ(newest->fields, snp::all_key_fields);
  const auto key = attester.platform_key(*newest);
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(key->reveal().size(), 32U);
  const auto again = attester.platform_key(*newest);
  ASSERT_TRUE(again.has_value());
  EXPECT_TRUE(std::ranges::equal(key->reveal(), again->reveal()));
  KeyVersions other = *newest;
  other.tcb = KeyVersions::Tcb::from(Bytes{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}).value();
  const auto of_other = attester.platform_key(other);
  ASSERT_TRUE(of_other.has_value());
  EXPECT_FALSE(std::ranges::equal(key->reveal(), of_other->reveal()));
}

TEST(SnpAttester, TheNewestVersionsAreTheCommittedOnes) {
  Host host([&](Processor&, core::ByteView) {
    Bytes report = testing::unsigned_report({});
    const std::string_view purpose = "merlon/versions";
    std::ranges::copy(purpose, report.begin() + 0x50);
    report[0x04] = 9;   // GUEST_SVN
    report[0x38] = 7;   // CURRENT_TCB, which may yet be taken back
    report[0x1E0] = 3;  // COMMITTED_TCB
    const snp::ReportResponse response{snp::ReportStatus::Success, report};
    return snp::seal(test_key(), {snp::MessageType::ReportResponse, 2, 0, response.bytes()});
  });
  SnpAttester attester(test_key(), host);
  const auto newest = attester.newest_key_versions();
  ASSERT_TRUE(newest.has_value());
  EXPECT_EQ(newest->svn, 9U);
  EXPECT_EQ(newest->tcb.view()[0], 3);
}

TEST(SnpAttester, AKeyThatIsRefusedOrMalformedIsNone) {
  Host host(honest);
  SnpAttester attester(test_key(), host);
  KeyVersions above = all_fields();
  above.svn = 1;
  EXPECT_EQ(attester.platform_key(above).error().code, ErrorCode::Denied);
  KeyVersions fewer = all_fields();
  fewer.fields = 0x37;  // no measurement
  EXPECT_EQ(attester.platform_key(fewer).error().code, ErrorCode::Unsupported);
  KeyVersions longer = all_fields();
  longer.tcb = KeyVersions::Tcb::from(Bytes(16, 1)).value();
  EXPECT_EQ(attester.platform_key(longer).error().code, ErrorCode::Unsupported);
  EXPECT_TRUE(attester.platform_key(all_fields()).has_value()) << "the channel has gone on";

  Bytes none(64, 0);
  EXPECT_EQ(key_of_answer(none, all_fields()).error().code, ErrorCode::Malformed);
  none[0] = 0x27;
  EXPECT_EQ(key_of_answer(none, all_fields()).error().code, ErrorCode::Unsupported);
  none[0] = 0x16;
  EXPECT_EQ(key_of_answer(none, all_fields()).error().code, ErrorCode::Denied);
}

TEST(SnpAttester, AReportIsNoAnswerToARequestForAKey) {
  Host host([&](Processor&, core::ByteView) {
    return snp::seal(test_key(), {snp::MessageType::ReportResponse, 2, 0, Bytes(64, 1)});
  });
  SnpAttester attester(test_key(), host);
  EXPECT_EQ(attester.platform_key(all_fields()).error().code, ErrorCode::Denied);
}

}  // namespace
}  // namespace merlon::identity
