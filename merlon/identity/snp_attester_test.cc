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

}  // namespace
}  // namespace merlon::identity
