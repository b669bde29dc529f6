// Every check of checks.def is made to fail, one fault at a time, with everything else signed anew;
// no other check may fail with it but those that cannot be made without it.

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/verify/testing/faults.h"

namespace merlon::verify {
namespace {

using testing::dcap_faults;
using testing::FakeAmd;
using testing::FakeIntel;
using testing::Fault;
using testing::sgx_faults;
using testing::snp_faults;
using testing::tdx_faults;
using testing::vlek_faults;
using x509::testing::test_now;
using enum Check;

std::string names_of(const std::set<Check>& checks) {
  std::string text;
  for (const Check check : checks)
    text += base::concat(text.empty() ? "" : " ", row_of(check).name);
  return text;
}

template <typename Fake>
testing::Bytes evidence_of(const Fake& fake) {
  if constexpr (std::is_same_v<Fake, FakeIntel>) {
    return fake.quote();
  } else {
    return fake.signed_report();
  }
}

template <typename Fake>
Appraisal judged(const Fake& fake, const Policy& policy) {
  const auto evidence = evidence::Evidence::parse(evidence_of(fake));
  EXPECT_TRUE(evidence.has_value()) << evidence.error().what;
  return appraise(*evidence, Collateral::prepare(fake.endorsements()), policy,
                  Moment::asked_for(test_now));
}

/// Judges each fault and gives all checks that failed.
template <typename Fake>
std::set<Check> run(const std::vector<Fault<Fake>>& faults, const std::function<Fake()>& make) {
  std::set<Check> all;
  for (const Fault<Fake>& fault : faults) {
    Fake fake = make();
    Policy policy = fake.policy();
    fault.make(fake, policy);
    const Appraisal appraisal = judged(fake, policy);
    const auto list = appraisal.refusals();
    const std::set<Check> refused(list.begin(), list.end());
    std::set<Check> wanted = fault.refused;
    if constexpr (std::is_same_v<Fake, FakeIntel>) {
      // Without TCB info nothing is known of a TDX module either.
      if (fake.is_tdx && wanted.contains(Check::TcbInfoFound)) {
        wanted.insert({Check::TdxModuleSigner, Check::TdxModuleAttributes, Check::TdxModuleTcb});
      }
    }
    EXPECT_EQ(names_of(refused), names_of(wanted)) << fault.name;
    EXPECT_EQ(appraisal.accepted(), refused.empty()) << fault.name;
    all.insert(refused.begin(), refused.end());
  }
  return all;
}

FakeIntel sgx() { return FakeIntel(false); }
FakeIntel tdx() { return FakeIntel(true); }

TEST(Findings, OfDcapQuotes) {
  run<FakeIntel>(dcap_faults(), sgx);
  run<FakeIntel>(dcap_faults(), tdx);
}
TEST(Findings, OfEnclaves) { run<FakeIntel>(sgx_faults(), sgx); }
TEST(Findings, OfDomains) { run<FakeIntel>(tdx_faults(), tdx); }
/// Each thing that was asked for, or whoever reads it looks for the wrong one.
TEST(Findings, OfKeySeparationSayWhatWasWanted) {
  const FakeIntel fake(false);
  Policy policy = fake.policy();
  policy.sgx.ext_product_id = sgx::IsvExtProdId{};
  policy.sgx.family_id = sgx::IsvFamilyId{};
  policy.sgx.min_config_svn = 2;
  const std::string zeros(32, '0');
  const Appraisal appraisal = judged(fake, policy);
  ASSERT_NE(appraisal.find(Check::SgxKss), nullptr);
  EXPECT_EQ(appraisal.find(Check::SgxKss)->wanted,
            "KSS, configuration id zero, extended product id " + zeros + ", family id " + zeros +
                ", configuration version at least 2");
}

TEST(Findings, OfSnpReports) {
  run<FakeAmd>(snp_faults(), [] { return FakeAmd(); });
}
TEST(Findings, OfSnpReportsUnderAVlek) {
  run<FakeAmd>(vlek_faults(), [] { return FakeAmd("Genoa", true); });
}
TEST(Findings, OfTurin) {
  run<FakeAmd>({{"nothing", [](FakeAmd&, Policy&) {}, {}},
                {"tail of the chip", [](FakeAmd& f, Policy&) { f.report[0x1DF] = 1; }, {SnpChip}},
                {"FMC", [](FakeAmd& f, Policy&) { f.endorsed.tcb.fmc = 2; }, {SnpEndorsedTcb}}},
               [] { return FakeAmd("Turin"); });
}

TEST(Findings, OfASimulatorWhoseRootIsTrusted) {
  const auto meant = [](FakeAmd&, Policy& p) {
    p.snp.product = Accept<snp::Product>({snp::Product::Simulator});
  };
  run<FakeAmd>(
      {{"a policy that does not think of it", [](FakeAmd&, Policy&) {}, {SnpProduct}},
       {"a policy that wants it", meant, {}},
       {"a policy that wants Milan",
        [](FakeAmd&, Policy& p) { p.snp.product = Accept<snp::Product>({snp::Product::Milan}); },
        {SnpProduct}},
       {"on a real processor",
        [&](FakeAmd& f, Policy& p) {
          meant(f, p);
          f.report[0x188] = 0x19;
        },
        {SnpProduct}},
       {"under the name of a real product",
        [&](FakeAmd& f, Policy& p) {
          meant(f, p);
          f.endorsed.product = "Milan-B0";
        },
        {SnpProduct}},
       {"a name that only begins so",
        [&](FakeAmd& f, Policy& p) {
          meant(f, p);
          f.endorsed.product = "SIMULATOR-B0";
        },
        {SnpProduct}}},
      [] { return FakeAmd("SIMULATOR"); });
}

TEST(Findings, EveryCheckIsProducedByAFault) {
  std::set<Check> all = run<FakeIntel>(dcap_faults(), sgx);
  all.merge(run<FakeIntel>(sgx_faults(), sgx));
  all.merge(run<FakeIntel>(tdx_faults(), tdx));
  all.merge(run<FakeAmd>(snp_faults(), [] { return FakeAmd(); }));
  all.merge(run<FakeAmd>(vlek_faults(), [] { return FakeAmd("Genoa", true); }));
  all.insert(KeyProof);  // verifier_test.cc, Request
  all.insert(Clock);     // moment_test.cc
  for (const CheckRow& row : all_checks()) EXPECT_TRUE(all.contains(row.check)) << row.name;
}

}  // namespace
}  // namespace merlon::verify
