#include "merlon/tdx/td_report.h"

#include <vector>

#include <gtest/gtest.h>

namespace merlon::tdx {
namespace {

TEST(TdReport, EachFieldStandsWhereTheSpecificationSaysSo) {
  std::vector<std::uint8_t> bytes(TdReport::size_15, 0);
  std::uint8_t mark = 0;
  for (const std::size_t at : std::initializer_list<std::size_t>{
           0, 16, 64, 112, 120, 128, 136, 184, 232, 280, 328, 376, 424, 472, 520, 584, 600}) {
    bytes[at] = ++mark;
  }
  const TdReport report = TdReport::parse(bytes).value();
  EXPECT_EQ(report.tee_tcb_svn.view()[0], 1);
  EXPECT_EQ(report.mr_seam.view()[0], 2);
  EXPECT_EQ(report.mr_signer_seam.view()[0], 3);
  EXPECT_EQ(report.seam_attributes.view()[0], 4);
  EXPECT_EQ(report.attributes, 5U);
  EXPECT_TRUE(report.is_debug());
  EXPECT_EQ(report.xfam, 6U);
  EXPECT_EQ(report.mr_td.view()[0], 7);
  EXPECT_EQ(report.mr_config_id.view()[0], 8);
  EXPECT_EQ(report.mr_owner.view()[0], 9);
  EXPECT_EQ(report.mr_owner_config.view()[0], 10);
  EXPECT_EQ(report.rt_mr[0].view()[0], 11);
  EXPECT_EQ(report.rt_mr[3].view()[0], 14);
  EXPECT_EQ(report.report_data.view()[0], 15);
  EXPECT_EQ(report.tee_tcb_svn2->view()[0], 16);
  EXPECT_EQ(report.mr_service_td->view()[0], 17);
}

TEST(TdReport, HasOneOfTwoSizes) {
  for (const std::size_t size : std::initializer_list<std::size_t>{0U, 583U, 585U, 647U, 649U}) {
    EXPECT_FALSE(TdReport::parse(std::vector<std::uint8_t>(size)).has_value()) << size;
  }
  EXPECT_FALSE(TdReport::parse(std::vector<std::uint8_t>(584))->tee_tcb_svn2.has_value());
}

}  // namespace
}  // namespace merlon::tdx
