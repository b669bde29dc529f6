#include "merlon/sgx/report_body.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "merlon/sgx/tcb_status.h"

namespace merlon::sgx {
namespace {

TEST(ReportBody, EachFieldStandsWhereTheManualSaysSo) {
  std::vector<std::uint8_t> bytes(ReportBody::size, 0);
  const auto set = [&](std::size_t at) { bytes[at] = 1; };
  for (const std::size_t at : std::initializer_list<std::size_t>{
           0x00, 0x10, 0x20, 0x30, 0x38, 0x40, 0x80, 0xC0, 0x100, 0x102, 0x104, 0x130, 0x140}) {
    set(at);
  }
  const ReportBody body = ReportBody::parse(bytes).value();
  EXPECT_EQ(body.cpu_svn.view()[0], 1);
  EXPECT_EQ(body.misc_select, 1U);
  EXPECT_EQ(body.ext_product_id.view()[0], 1);
  EXPECT_EQ(body.flags, 1U);
  EXPECT_EQ(body.xfrm, 1U);
  EXPECT_EQ(body.mr_enclave.view()[0], 1);
  EXPECT_EQ(body.mr_signer.view()[0], 1);
  EXPECT_EQ(body.config_id.view()[0], 1);
  EXPECT_EQ(body.product_id, 1);
  EXPECT_EQ(body.svn, 1);
  EXPECT_EQ(body.config_svn, 1);
  EXPECT_EQ(body.family_id.view()[0], 1);
  EXPECT_EQ(body.report_data.view()[0], 1);
  EXPECT_FALSE(body.is_debug());
  EXPECT_EQ(body.attributes().view()[8], 1);
  EXPECT_TRUE(std::ranges::equal(body.to_bytes(), bytes));
}

/// Flags, then XFRM, each with its lowest byte first.
TEST(ReportBody, AttributesAreAsInTheReport) {
  std::vector<std::uint8_t> bytes(ReportBody::size, 0);
  constexpr std::size_t attributes_at = 48;
  for (std::size_t i = 0; i < 16; ++i) {
    bytes[attributes_at + i] = static_cast<std::uint8_t>(0x81 + i);
  }
  const ReportBody body = ReportBody::parse(bytes).value();
  EXPECT_TRUE(std::ranges::equal(body.attributes().view(),
                                 core::ByteView(bytes).subspan(attributes_at, 16)));
}

TEST(ReportBody, ReservedBytesMustBeZero) {
  for (const std::size_t at :
       std::initializer_list<std::size_t>{0x14, 0x1F, 0x60, 0x7F, 0xA0, 0xBF, 0x106, 0x12F}) {
    std::vector<std::uint8_t> bytes(ReportBody::size, 0);
    bytes[at] = 1;
    EXPECT_FALSE(ReportBody::parse(bytes).has_value()) << at;
  }
  EXPECT_FALSE(ReportBody::parse(std::vector<std::uint8_t>(383)).has_value());
  EXPECT_FALSE(ReportBody::parse(std::vector<std::uint8_t>(385)).has_value());
}

TEST(TcbStatus, NamesAreIntels) {
  for (const TcbStatus status : all_tcb_statuses) EXPECT_EQ(tcb_status(to_string(status)), status);
  EXPECT_FALSE(tcb_status("uptodate").has_value());
}

TEST(TcbStatus, AnOutdatedPartMakesThePlatformOutdated) {
  using enum TcbStatus;
  EXPECT_EQ(converge(UpToDate, UpToDate), UpToDate);
  EXPECT_EQ(converge(UpToDate, OutOfDate), OutOfDate);
  EXPECT_EQ(converge(SWHardeningNeeded, OutOfDate), OutOfDate);
  EXPECT_EQ(converge(ConfigurationNeeded, OutOfDate), OutOfDateConfigurationNeeded);
  EXPECT_EQ(converge(ConfigurationAndSWHardeningNeeded, OutOfDate), OutOfDateConfigurationNeeded);
  EXPECT_EQ(converge(OutOfDateConfigurationNeeded, OutOfDate), OutOfDateConfigurationNeeded);
  EXPECT_EQ(converge(ConfigurationNeeded, UpToDate), ConfigurationNeeded);
  for (const TcbStatus status : all_tcb_statuses) {
    EXPECT_EQ(converge(status, Revoked), Revoked);
    EXPECT_EQ(converge(Revoked, status), Revoked);
    EXPECT_EQ(converge(status, SWHardeningNeeded), Revoked);
  }
}

}  // namespace
}  // namespace merlon::sgx
