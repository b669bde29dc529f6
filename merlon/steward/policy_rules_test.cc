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

using Lines = std::vector<std::string>;

TEST(PolicyRules, OfThePolicyThatNobodyChanged) {
  const Lines wanted{
      "all: the technology is one of: SGX, TDX, SEV-SNP",
      "all: the report data is the hash of the request's key, and the request is signed by it",
      "all: revocation lists are there, fresh, and name nothing that is used",
      "all: revocation lists that come along with evidence count only against it",
      "SGX: no debug enclave",
      "SGX: configuration id is zero",
      "SGX: TCB status is one of: UpToDate",
      "TDX: no debug domain",
      "TDX: no migration",
      "TDX: MRCONFIGID is zero",
      "TDX: MROWNER is zero",
      "TDX: MROWNERCONFIG is zero",
      "TDX: MRSERVICETD is zero",
      "TDX: TCB status is one of: UpToDate",
      "SEV-SNP: id key digest is zero",
      "SEV-SNP: author key digest is zero",
      "SEV-SNP: host data is zero",
      "SEV-SNP: VMPL is one of: 0",
      "SEV-SNP: no debugging",
      "SEV-SNP: no migration",
      "SEV-SNP: no bulletin of AMD's that is known here concerns the firmware",
      "SEV-SNP: no provisional firmware"};
  EXPECT_EQ(effective_rules(Policy{}), wanted);
}

TEST(PolicyRules, OfEverythingThatCanBeAskedOfSevSnp) {
  Policy p;
  p.technologies = {Technology::Snp};
  p.revocation = verify::RevocationRule::IfPresent;
  p.carried_lists = true;
  p.max_age.all = std::chrono::seconds(60);
  p.roots.resize(1);
  p.snp.refused_measurement.resize(1);
  p.snp.refused_id_key.resize(1);
  p.snp.min_guest_svn = 3;
  p.snp.vmpl = {0, 1};
  p.snp.debug = p.snp.migration = p.snp.provisional_firmware = true;
  p.snp.min_abi = 0x0133;
  p.snp.max_abi = 0x0200;
  p.snp.smt = p.snp.platform[1] = verify::BitRule::Clear;
  p.snp.single_socket = p.snp.platform[5] = verify::BitRule::Set;
  p.snp.product = Accept<snp::Product>({snp::Product::Milan, snp::Product::Genoa});
  p.snp.signing_key = Accept<snp::SigningKey>({snp::SigningKey::Vcek});
  p.snp.min_reported_tcb = {0, 1, 2, 3, 4};
  p.snp.min_launch_tcb = {5, 0, 0, 0, 0};
  p.snp.min_firmware = {1, 55, 7};
  p.snp.waivers = {{"AMD-SB-1", {1'750'000'000}}, {"AMD-SB-2", verify::Waiver::forever}};
  p.snp.launch_mitigations = 0x10;
  p.snp.current_mitigations = 1;
  p.snp.family_id = snp::FamilyId{};
  p.snp.image_id = snp::ImageId{};
  p.snp.host_data = Accept<snp::HostData>();
  const Lines wanted{
      "all: the technology is one of: SEV-SNP",
      "all: the report data is the hash of the request's key, and the request is signed by it",
      "all: revocation lists that are there are fresh and name nothing that is used",
      "all: revocation lists that come along with evidence count",
      "all: revocation lists are at most 60 seconds old",
      "all: TCB info is at most 60 seconds old",
      "all: the quoting enclave's identity is at most 60 seconds old",
      "all: a root beside the vendors' is trusted: key 0000000000000000000000000000000000000000000000000000000000000000",
      "SEV-SNP: MEASUREMENT is none of 1: zero",
      "SEV-SNP: id key digest is zero",
      "SEV-SNP: id key digest is none of 1: zero",
      "SEV-SNP: author key digest is zero",
      "SEV-SNP: family id is zero",
      "SEV-SNP: image id is zero",
      "SEV-SNP: guest SVN is at least 3",
      "SEV-SNP: VMPL is one of: 0, 1",
      "SEV-SNP: debugging is accepted",
      "SEV-SNP: migration is accepted",
      "SEV-SNP: ABI is at least 1.51",
      "SEV-SNP: ABI is at most 2.0",
      "SEV-SNP: multi-threading of the guest's policy is clear",
      "SEV-SNP: single socket of the guest's policy is set",
      "SEV-SNP: PLATFORM_INFO bit 1 is clear",
      "SEV-SNP: PLATFORM_INFO bit 5 is set",
      "SEV-SNP: product is one of 2: Milan, Genoa",
      "SEV-SNP: signing key is VCEK",
      "SEV-SNP: reported TCB is at least boot loader 1, TEE 2, SNP 3, microcode 4, FMC 0",
      "SEV-SNP: TCB at launch is at least boot loader 0, TEE 0, SNP 0, microcode 0, FMC 5",
      "SEV-SNP: committed firmware is at least 1.55.7",
      "SEV-SNP: no bulletin of AMD's that is known here concerns the firmware",
      "SEV-SNP: AMD-SB-1 is waived until 2025-06-15T15:06:40Z",
      "SEV-SNP: AMD-SB-2 is waived for good",
      "SEV-SNP: provisional firmware is accepted",
      "SEV-SNP: mitigations at launch have all of 0x10",
      "SEV-SNP: mitigations now have all of 0x1"};
  EXPECT_EQ(effective_rules(p), wanted);
}

TEST(PolicyRules, OfEverythingThatCanBeAskedOfSgxAndTdx) {
  Policy p;
  p.technologies = {Technology::Sgx, Technology::Tdx};
  p.sgx.refused_mr_enclave.resize(1);
  p.sgx.product_id = 7;
  p.sgx.min_svn = 8;
  p.sgx.debug = p.tdx.debug = p.tdx.migration = true;
  p.sgx.attributes = 0x7;
  p.sgx.xfrm = 0xE7;
  p.sgx.misc_select = 1;
  p.sgx.ext_product_id = sgx::IsvExtProdId{};
  p.sgx.family_id = sgx::IsvFamilyId{};
  p.sgx.config_id = Accept<sgx::ConfigId>();
  p.sgx.min_config_svn = 2;
  p.dcap.statuses = {sgx::TcbStatus::UpToDate, sgx::TcbStatus::OutOfDate};
  p.dcap.advisories = Accept<std::string>({"INTEL-SA-1"});
  p.dcap.waivers = {{"INTEL-SA-2", {1'750'000'000}}};
  p.dcap.min_evaluation_number = 17;
  p.dcap.tcb_info_v2 = true;
  p.tdx.attributes = 3;
  p.tdx.required_attributes = 1;
  p.tdx.xfam = 3;
  p.tdx.rt_mr[1] = verify::accept_zero<tdx::RtMr>();
  const Lines wanted{
      "all: the technology is one of: SGX, TDX",
      "all: the report data is the hash of the request's key, and the request is signed by it",
      "all: revocation lists are there, fresh, and name nothing that is used",
      "all: revocation lists that come along with evidence count only against it",
      "SGX: MRENCLAVE is none of 1: zero",
      "SGX: ISVPRODID is 7",
      "SGX: ISVSVN is at least 8",
      "SGX: debug enclaves are accepted",
      "SGX: ATTRIBUTES has no bit beyond 0x7",
      "SGX: XFRM has no bit beyond 0xe7",
      "SGX: MISCSELECT has no bit beyond 0x1",
      "SGX: extended product id is zero",
      "SGX: family id is zero",
      "SGX: configuration version is at least 2",
      "SGX: TCB status is one of: UpToDate, OutOfDate",
      "SGX: each open advisory of a platform that is UpToDate is INTEL-SA-1",
      "SGX: INTEL-SA-2 is waived until 2025-06-15T15:06:40Z",
      "SGX: evaluation data number is at least 17",
      "SGX: TCB info of version 2 is taken as well",
      "TDX: RTMR1 is zero",
      "TDX: debug domains are accepted",
      "TDX: migration is accepted",
      "TDX: ATTRIBUTES has no bit beyond 0x3",
      "TDX: ATTRIBUTES has all of 0x1",
      "TDX: XFAM has no bit beyond 0x3",
      "TDX: MRCONFIGID is zero",
      "TDX: MROWNER is zero",
      "TDX: MROWNERCONFIG is zero",
      "TDX: MRSERVICETD is zero",
      "TDX: TCB status is one of: UpToDate, OutOfDate",
      "TDX: each open advisory of a platform that is UpToDate is INTEL-SA-1",
      "TDX: INTEL-SA-2 is waived until 2025-06-15T15:06:40Z",
      "TDX: evaluation data number is at least 17",
      "TDX: TCB info of version 2 is taken as well"};
  EXPECT_EQ(effective_rules(p), wanted);
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
  EXPECT_TRUE(changes([](Policy& p) { p.max_age.all = std::chrono::seconds(5); }));
  EXPECT_TRUE(changes([](Policy& p) { p.max_age.list = std::chrono::seconds(5); }));
  EXPECT_TRUE(changes([](Policy& p) { p.max_age.tcb_info = std::chrono::seconds(5); }));
  EXPECT_TRUE(changes([](Policy& p) { p.max_age.identity = std::chrono::seconds(5); }));
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
  // A firmware, under which any kernel may run.
  EXPECT_FALSE(compares_workload(policy, Technology::Tdx));
  policy.tdx.rt_mr[1] = verify::accept_zero<tdx::RtMr>();
  EXPECT_FALSE(compares_workload(policy, Technology::Tdx));
  policy.tdx.rt_mr[2] = verify::accept_zero<tdx::RtMr>();
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
