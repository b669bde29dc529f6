// With genuine evidence: a policy that is made from it accepts it again, and not another.

#include "merlon/verify/policy_from.h"

#include <gtest/gtest.h>

#include "merlon/codec/testing/vectors.h"

namespace merlon::verify {
namespace {

using codec::testing::vector_file;

struct Genuine {
  const char* evidence;
  std::vector<std::string> endorsements;
  const char* time;
  std::vector<std::string> waived;
  /// What narrows it: each line's value, changed, refuses with this check.
  std::vector<std::pair<std::string, Check>> lines;
};

const std::vector<std::string>& milan_waivers() {
  static const std::vector<std::string> all{"AMD-SB-3016", "AMD-SB-3019", "AMD-SB-3023",
                                            "AMD-SB-3030"};
  return all;
}

const std::vector<Genuine>& all_genuine() {
  static const std::vector<Genuine> all{
      {"virtee-sev/milan.report.bin",
       {"virtee-sev/milan.vcek.der", "amd-chains/ask_ark_milan.pem", "steward/ark-milan.crl"},
       "2023-05-01T00:00:00Z",
       milan_waivers(),
       {{"measurement", Check::SnpMeasurement}}},
      {"steward/milan.report.bin",
       {"steward/milan.vcek.der", "amd-chains/ask_ark_milan.pem", "steward/ark-milan.crl"},
       "2023-05-01T00:00:00Z",
       milan_waivers(),
       {{"measurement", Check::SnpMeasurement}, {"author_key_sha384", Check::SnpAuthorKey}}},
      {"ms-tav/genoa-v3.report.bin",
       {"ms-tav/genoa.vcek.pem", "amd-chains/ask_ark_genoa.pem", "amd-crl/ark-genoa-2026.crl"},
       "2026-09-01T00:00:00Z",
       {},
       {{"measurement", Check::SnpMeasurement},
        {"host_data", Check::SnpHostData},
        {"id_key_sha384", Check::SnpIdKey}}},
      {"phala/sgx_quote.dat",
       {"phala/sgx_quote_collateral.json"},
       "2025-06-20T00:00:00Z",
       {"INTEL-SA-00289", "INTEL-SA-00615"},
       {{"mr_enclave", Check::MrEnclave}, {"mr_signer", Check::MrSigner}}},
      {"phala/tdx_quote.dat",
       {"phala/tdx_quote_collateral.json"},
       "2025-06-20T00:00:00Z",
       {},
       {{"mr_td", Check::MrTd}, {"rt_mr1", Check::RtMr}, {"rt_mr2", Check::RtMr}}}};
  return all;
}

class PolicyFromEvidence : public ::testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override {
    if (!codec::testing::have_vectors()) GTEST_SKIP() << "no test data of others";
  }
  static const Genuine& genuine() { return all_genuine().at(GetParam()); }
  static Moment moment() { return Moment::asked_for(codec::parse_rfc3339(genuine().time).value()); }
  static evidence::Evidence evidence() {
    return evidence::Evidence::parse(vector_file(genuine().evidence)).value();
  }
  static Collateral collateral() {
    evidence::Endorsements all;
    for (const std::string& file : genuine().endorsements) {
      EXPECT_TRUE(all.add(vector_file(file)).has_value()) << file;
    }
    return Collateral::parse(all);
  }
  static std::vector<Check> refusals_by(const std::string& text) {
    const auto policy = Policy::parse(text, "policy.toml");
    EXPECT_TRUE(policy.has_value()) << policy.error().text();
    return appraise(evidence(), collateral(), *policy, moment()).refusals();
  }
};

TEST_P(PolicyFromEvidence, IsAcceptedAgain) {
  const auto made = policy_from(evidence(), collateral(), moment());
  ASSERT_TRUE(made.has_value()) << row_of(made.error().refusals().at(0)).name;
  EXPECT_EQ(refusals_by(made->text), std::vector<Check>{}) << made->text;
  for (const std::string& each : genuine().waived) {
    EXPECT_NE(std::ranges::find(made->waived, each), made->waived.end()) << each;
  }
  EXPECT_EQ(made->waived.empty(), made->text.find("\nwaivers") == std::string::npos);
}

TEST_P(PolicyFromEvidence, AdmitsNothingElse) {
  const auto made = policy_from(evidence(), collateral(), moment());
  ASSERT_TRUE(made.has_value());
  for (const auto& [key, check] : genuine().lines) {
    std::string text = made->text;
    const std::string begin = "\n" + key + " = [\"";
    const std::size_t at = text.find(begin);
    ASSERT_NE(at, std::string::npos) << key << "\n" << text;
    char& digit = text[at + begin.size()];
    digit = digit == '0' ? '1' : '0';
    EXPECT_EQ(refusals_by(text), std::vector{check}) << key;
  }
}

TEST_P(PolicyFromEvidence, WaivesForThirtyDays) {
  const auto made = policy_from(evidence(), collateral(), moment());
  ASSERT_TRUE(made.has_value());
  const auto policy = Policy::parse(made->text, "policy.toml");
  ASSERT_TRUE(policy.has_value());
  for (const auto* waivers : {&policy->snp.waivers, &policy->dcap.waivers}) {
    for (const Waiver& each : *waivers) {
      EXPECT_GT(each.until.seconds, moment().now.seconds + 29 * codec::seconds_per_day);
      EXPECT_LT(each.until.seconds, moment().now.seconds + 32 * codec::seconds_per_day);
    }
  }
}

TEST_P(PolicyFromEvidence, IsNotMadeOfWhatNobodyVouchesFor) {
  const auto made = policy_from(evidence(), {}, moment());
  ASSERT_FALSE(made.has_value());
  EXPECT_FALSE(made.error().accepted());
  EXPECT_FALSE(made.error().refusals().empty());
}

INSTANTIATE_TEST_SUITE_P(Genuine, PolicyFromEvidence, ::testing::Range<std::size_t>(0, 5));

class PolicyFromSnp : public PolicyFromEvidence {};

/// How a guest of SEV-SNP was launched, beside what was launched in it.
TEST_P(PolicyFromSnp, AdmitsNoGuestOfAnotherPolicy) {
  const evidence::Evidence genuine_evidence = evidence();
  const auto& report = std::get<evidence::SnpEvidence>(genuine_evidence.report).report;
  const auto made = policy_from(evidence(), collateral(), moment());
  ASSERT_TRUE(made.has_value());
  const auto refusals_with = [&](const std::string& key, const std::string& value) {
    std::string text = made->text;
    const std::size_t at = text.find("\n" + key + " = ");
    if (at == std::string::npos) {
      ADD_FAILURE() << key << "\n" << text;
      return std::vector<Check>{};
    }
    const std::size_t begin = at + key.size() + 4;
    text.replace(begin, text.find('\n', begin) - begin, value);
    return refusals_by(text);
  };
  EXPECT_EQ(refusals_with("vmpl", report.vmpl == 3 ? "[2]" : "[3]"), std::vector{Check::SnpVmpl});
  EXPECT_EQ(refusals_with("min_abi", "\"255.0\""), std::vector{Check::SnpAbi});
  EXPECT_NE(made->text.find("\ndebug = false\n"), std::string::npos);
  EXPECT_NE(made->text.find("\nmigration = false\n"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Genuine, PolicyFromSnp, ::testing::Range<std::size_t>(0, 3));

TEST(PolicyFrom, IsNotMadeOfWhatADebuggerReads) {
  if (!codec::testing::have_vectors()) GTEST_SKIP() << "no test data of others";
  evidence::Endorsements all;
  for (const char* file : {"go-sev-guest/milan-debug.vcek.der", "amd-chains/ask_ark_milan.pem",
                           "steward/ark-milan.crl"}) {
    ASSERT_TRUE(all.add(vector_file(file)).has_value());
  }
  const auto evidence =
      evidence::Evidence::parse(vector_file("go-sev-guest/milan-debug.report.bin")).value();
  const auto made =
      policy_from(evidence, Collateral::parse(all),
                  Moment::asked_for(codec::parse_rfc3339("2023-05-01T00:00:00Z").value()));
  ASSERT_FALSE(made.has_value());
  EXPECT_FALSE(made.error().find(Check::SnpDebug)->passed);
}

}  // namespace
}  // namespace merlon::verify
