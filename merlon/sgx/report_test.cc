#include "merlon/sgx/report.h"

#include <vector>

#include <gtest/gtest.h>

namespace merlon::sgx {
namespace {

using Bytes = std::vector<std::uint8_t>;

TEST(TargetInfo, EachFieldStandsWhereTheManualSaysSo) {
  Bytes bytes(TargetInfo::size, 0);
  std::uint8_t mark = 1;
  for (const std::size_t at :
       std::initializer_list<std::size_t>{0x00, 0x20, 0x28, 0x30, 0x32, 0x34, 0x40}) {
    bytes[at] = mark++;
  }
  const TargetInfo target = TargetInfo::parse(bytes).value();
  EXPECT_EQ(target.mr_enclave.view()[0], 1);
  EXPECT_EQ(target.flags, 2U);
  EXPECT_EQ(target.xfrm, 3U);
  EXPECT_EQ(target.cet_attributes, 4);
  EXPECT_EQ(target.config_svn, 5);
  EXPECT_EQ(target.misc_select, 6U);
  EXPECT_EQ(target.config_id.view()[0], 7);
  EXPECT_TRUE(std::ranges::equal(target.to_bytes(), bytes));
}

TEST(TargetInfo, ReservedBytesMustBeZero) {
  for (const std::size_t at :
       std::initializer_list<std::size_t>{0x31, 0x38, 0x3F, 0x80, 0x100, 0x1FF}) {
    Bytes bytes(TargetInfo::size, 0);
    bytes[at] = 1;
    EXPECT_FALSE(TargetInfo::parse(bytes).has_value()) << at;
  }
  EXPECT_FALSE(TargetInfo::parse(Bytes(TargetInfo::size - 1)).has_value());
  EXPECT_FALSE(TargetInfo::parse(Bytes(TargetInfo::size + 1)).has_value());
}

TEST(Report, IsItsBodyAndHowItIsChecked) {
  Bytes bytes(Report::size, 0);
  bytes[0x140] = 1;  // report data
  bytes[0x180] = 2;
  bytes[0x1A0] = 3;
  const Report report = Report::parse(bytes).value();
  EXPECT_EQ(report.body.report_data.view()[0], 1);
  EXPECT_EQ(report.key_id.view()[0], 2);
  EXPECT_EQ(report.mac.view()[0], 3);
  EXPECT_TRUE(std::ranges::equal(report.to_bytes(), bytes));
  bytes[0x14] = 1;
  EXPECT_FALSE(Report::parse(bytes).has_value());
  EXPECT_FALSE(Report::parse(Bytes(Report::size - 1)).has_value());
  EXPECT_FALSE(Report::parse(Bytes(Report::size + 1)).has_value());
}

TEST(TargetInfo, OfAReportIsWhoMadeIt) {
  Bytes bytes(ReportBody::size, 0);
  for (const std::size_t at :
       std::initializer_list<std::size_t>{0x10, 0x30, 0x38, 0x40, 0xC0, 0x104}) {
    bytes[at] = static_cast<std::uint8_t>(at);
  }
  const ReportBody body = ReportBody::parse(bytes).value();
  const TargetInfo target = TargetInfo::of(body);
  EXPECT_EQ(target.mr_enclave, body.mr_enclave);
  EXPECT_EQ(target.flags, body.flags);
  EXPECT_EQ(target.xfrm, body.xfrm);
  EXPECT_EQ(target.misc_select, body.misc_select);
  EXPECT_EQ(target.config_id, body.config_id);
  EXPECT_EQ(target.config_svn, body.config_svn);
}

}  // namespace
}  // namespace merlon::sgx
