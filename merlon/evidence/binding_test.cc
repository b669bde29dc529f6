#include "merlon/evidence/binding.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/testing/vectors.h"

namespace merlon::evidence {
namespace {

TEST(Binding, EnarxBindsTheKeyByTheHashOfItsTechnology) {
  const auto spki = core::as_bytes("abc");
  EXPECT_TRUE(
      base::hex(enarx_report_data(Technology::Sgx, spki).view()).starts_with("ba7816bf8f01cfea"));
  EXPECT_TRUE(
      base::hex(enarx_report_data(Technology::Snp, spki).view()).starts_with("cb00753f45a35e8b"));
  EXPECT_TRUE(
      base::hex(enarx_report_data(Technology::Sgx, spki).view()).ends_with(std::string(64, '0')));
  EXPECT_TRUE(enarx_report_data(Technology::Kvm, spki).is_zero());
}

TEST(Binding, EachPartOfAKeepsReportDataCounts) {
  const auto one = crypto::sha256({core::as_bytes("1")});
  const auto two = crypto::sha256({core::as_bytes("2")});
  const Nonce nonce = Nonce::from(one.view()).value();
  const ReportData all = keep_report_data(one, two, nonce);
  EXPECT_NE(all, keep_report_data(two, one, nonce));
  EXPECT_NE(all, keep_report_data(one, one, nonce));
  EXPECT_NE(all, keep_report_data(one, two, Nonce{}));
  const ReportData work = work_report_data(one, two);
  EXPECT_NE(work, work_report_data(two, one));
  EXPECT_NE(work, work_report_data(one, one));
  EXPECT_NE(work, all);
}

TEST(Binding, GenuineRequestsBindTheirKeys) {
  MERLON_NEEDS_VECTORS();
  for (const char* name :
       {"steward/icelake.signed.tcb.crl.multi.xeon.csr", "steward/milan.signed.crl.csr"}) {
    const auto evidence = Evidence::parse(codec::testing::vector_file(name));
    ASSERT_TRUE(evidence.has_value()) << name << evidence.error().what;
    ASSERT_TRUE(evidence->key.has_value());
    EXPECT_TRUE(evidence->key->proven);
    EXPECT_EQ(report_data_of(*evidence),
              enarx_report_data(evidence->technology(), evidence->key->spki));
  }
}

}  // namespace
}  // namespace merlon::evidence
