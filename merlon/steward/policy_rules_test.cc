#include "merlon/steward/policy_rules.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace merlon::steward {
namespace {

using evidence::Technology;
using verify::Accept;
using verify::Policy;

Policy parsed(std::string_view text) {
  const auto made = Policy::parse_any(text, "policy.toml");
  EXPECT_TRUE(made.has_value()) << made.error().text();
  return made ? *made : Policy{};
}

bool has(const std::vector<std::string>& lines, std::string_view part) {
  return std::ranges::any_of(
      lines, [&](const std::string& line) { return line.find(part) != std::string::npos; });
}

TEST(PolicyRules, EveryRuleOfAPolicyIsALine) {
  const std::string digest(64, 'a');
  const auto rules = effective_rules(
      parsed("technologies = [\"sgx\"]\n[sgx]\nmr_enclave = [\"" + digest + "\"]\nmin_svn = 7\n"));
  EXPECT_TRUE(has(rules, "SGX: MRENCLAVE is " + digest));
  EXPECT_TRUE(has(rules, "SGX: ISVSVN is at least 7"));
  EXPECT_TRUE(has(rules, "SGX: no debug enclave"));
  EXPECT_TRUE(has(rules, "SGX: TCB status is one of: UpToDate"));
  EXPECT_TRUE(has(rules, "all: the technology is one of: SGX"));
  EXPECT_FALSE(has(rules, "SEV-SNP:"));
  EXPECT_FALSE(has(rules, "TDX:"));
}

TEST(PolicyRules, AChangedRuleIsAChangedLine) {
  // Whatever a policy can be changed in changes what is printed of it.
  const Policy plain;
  const auto before = effective_rules(plain);
  const auto changes = [&](const auto& change) {
    Policy policy;
    change(policy);
    return effective_rules(policy) != before;
  };
  EXPECT_TRUE(changes([](Policy& p) { p.technologies.erase(Technology::Tdx); }));
  EXPECT_TRUE(changes([](Policy& p) { p.revocation = verify::RevocationRule::IfPresent; }));
  EXPECT_TRUE(changes([](Policy& p) { p.carried_lists = true; }));
  EXPECT_TRUE(changes([](Policy& p) { p.max_age = std::chrono::seconds(5); }));
  EXPECT_TRUE(changes([](Policy& p) { p.roots.resize(1); }));
  EXPECT_TRUE(changes([](Policy& p) { p.dcap.statuses.insert(sgx::TcbStatus::OutOfDate); }));
  EXPECT_TRUE(changes([](Policy& p) { p.dcap.waivers.push_back({"INTEL-SA-1", {1}}); }));
  EXPECT_TRUE(changes([](Policy& p) { p.dcap.min_evaluation_number = 1; }));
  EXPECT_TRUE(changes([](Policy& p) { p.dcap.tcb_info_v2 = true; }));
  EXPECT_TRUE(changes([](Policy& p) { p.sgx.debug = true; }));
  EXPECT_TRUE(changes([](Policy& p) { p.sgx.xfrm = 3; }));
  EXPECT_TRUE(changes([](Policy& p) { p.sgx.misc_select = 0; }));
  EXPECT_TRUE(changes([](Policy& p) { p.sgx.product_id = 1; }));
  EXPECT_TRUE(changes([](Policy& p) { p.sgx.config_id = Accept<sgx::ConfigId>(); }));
  EXPECT_TRUE(changes([](Policy& p) { p.tdx.required_attributes = 1; }));
  EXPECT_TRUE(changes([](Policy& p) { p.tdx.migration = true; }));
  EXPECT_TRUE(changes([](Policy& p) { p.tdx.mr_owner = Accept<tdx::MrOwner>(); }));
  EXPECT_TRUE(changes([](Policy& p) { p.snp.platform[3] = verify::BitRule::Set; }));
  EXPECT_TRUE(changes([](Policy& p) { p.snp.min_reported_tcb.microcode = 1; }));
  EXPECT_TRUE(changes([](Policy& p) { p.snp.min_launch_tcb.snp = 1; }));
  EXPECT_TRUE(changes([](Policy& p) { p.snp.min_firmware.minor = 1; }));
  EXPECT_TRUE(changes([](Policy& p) { p.snp.provisional_firmware = true; }));
  EXPECT_TRUE(changes([](Policy& p) { p.snp.min_abi = 256; }));
  EXPECT_TRUE(changes([](Policy& p) { p.snp.max_abi = 256; }));
  EXPECT_TRUE(changes([](Policy& p) { p.snp.smt = verify::BitRule::Clear; }));
  EXPECT_TRUE(changes([](Policy& p) { p.snp.vmpl.insert(1); }));
  EXPECT_TRUE(changes([](Policy& p) { p.snp.refused_measurement.resize(1); }));
  EXPECT_TRUE(changes([](Policy& p) { p.snp.family_id = snp::FamilyId{}; }));
  EXPECT_TRUE(changes([](Policy& p) {
    p.snp.product = Accept<snp::Product>({snp::Product::Milan, snp::Product::Genoa});
  }));
  EXPECT_TRUE(changes([](Policy& p) { p.snp.launch_mitigations = 1; }));
}

TEST(PolicyRules, APolicyThatComparesNoWorkloadIsTold) {
  Policy policy;
  for (const Technology each : {Technology::Sgx, Technology::Tdx, Technology::Snp}) {
    EXPECT_FALSE(compares_workload(policy, each));
    EXPECT_TRUE(
        has(policy_warnings(policy), std::string(to_string(each)) + " the policy compares"));
  }
  policy.sgx.mr_signer = verify::accept_zero<sgx::MrSigner>();
  policy.tdx.mr_td = verify::accept_zero<tdx::MrTd>();
  policy.snp.measurement = verify::accept_zero<snp::LaunchDigest>();
  EXPECT_FALSE(has(policy_warnings(policy), "compares no measurement"));
  policy.snp.measurement = {};
  // That there be no key is no comparison.
  EXPECT_FALSE(compares_workload(policy, Technology::Snp));
  const std::vector<std::uint8_t> key(48, 1);
  policy.snp.author_key = Accept<snp::AuthorKeyDigest>({snp::AuthorKeyDigest::from(key).value()});
  EXPECT_TRUE(compares_workload(policy, Technology::Snp));
  EXPECT_FALSE(compares_workload(policy, Technology::Kvm));
}

TEST(PolicyRules, RulesThatNothingCanMeetAreFound) {
  EXPECT_TRUE(impossible_rules(Policy{}).empty());
  const auto found = [](const auto& change) {
    Policy policy;
    change(policy);
    return impossible_rules(policy).size() == 1;
  };
  EXPECT_TRUE(found([](Policy& p) { p.technologies.clear(); }));
  EXPECT_TRUE(found([](Policy& p) { p.dcap.statuses.clear(); }));
  EXPECT_TRUE(found([](Policy& p) { p.sgx.mr_enclave = Accept(std::vector<sgx::MrEnclave>{}); }));
  EXPECT_TRUE(found([](Policy& p) {
    p.sgx.mr_enclave = verify::accept_zero<sgx::MrEnclave>();
    p.sgx.refused_mr_enclave = {{}};
  }));
  EXPECT_TRUE(found([](Policy& p) { p.sgx.attributes = 1; }));
  EXPECT_TRUE(found([](Policy& p) { p.sgx.xfrm = 1; }));
  EXPECT_TRUE(found([](Policy& p) { p.tdx.rt_mr[2] = Accept(std::vector<tdx::RtMr>{}); }));
  EXPECT_TRUE(found([](Policy& p) {
    p.tdx.attributes = 1;
    p.tdx.required_attributes = 2;
  }));
  EXPECT_TRUE(found([](Policy& p) { p.snp.vmpl.clear(); }));
  EXPECT_TRUE(found([](Policy& p) {
    p.snp.min_abi = 2;
    p.snp.max_abi = 1;
  }));
  EXPECT_TRUE(found([](Policy& p) {
    p.snp.provider = Accept<std::string>({"cloud"});
    p.snp.signing_key = Accept<snp::SigningKey>({snp::SigningKey::Vcek});
  }));
  // Of a technology that is not accepted anyway nothing is asked.
  Policy other;
  other.technologies = {Technology::Sgx};
  other.snp.vmpl.clear();
  EXPECT_TRUE(impossible_rules(other).empty());
}

}  // namespace
}  // namespace merlon::steward
