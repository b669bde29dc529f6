#include "merlon/verify/policy.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "merlon/verify/testing/fake_amd.h"

namespace merlon::verify {
namespace {

Policy parsed(std::string_view text) {
  auto policy = Policy::parse(text, "p.toml");
  EXPECT_TRUE(policy.has_value()) << (policy ? "" : policy.error().text());
  return policy ? *std::move(policy) : Policy{};
}
std::string refusal(std::string_view text) {
  const auto policy = Policy::parse(text, "p.toml");
  return policy ? "accepted" : policy.error().text();
}
const std::string d64(64, 'a');
const std::string d96(96, 'b');
const std::string sgx_signer = "[sgx]\nsigner=['" + d64 + "']\n";
const std::string snp_signer = "[snp]\nsigner=['" + d96 + "']\n";

TEST(Policy, TheDefaultRefusesWhatIsDoubtful) {
  const Policy policy;
  EXPECT_EQ(policy.revocation, RevocationRule::Required);
  EXPECT_FALSE(policy.sgx.debug || policy.tdx.debug || policy.snp.debug);
  EXPECT_FALSE(policy.tdx.migration || policy.snp.migration || policy.snp.provisional_firmware);
  EXPECT_EQ(policy.dcap.statuses, std::set{sgx::TcbStatus::UpToDate});
  EXPECT_EQ(policy.snp.vmpl, std::set<std::uint32_t>{0});
  EXPECT_FALSE(policy.technologies.contains(evidence::Technology::Kvm));
}

TEST(Policy, TheTemplateMeansTheDefault) { EXPECT_TRUE(parsed(policy_template()) == Policy{}); }

TEST(Policy, OfTheTemplateTheTablesThatAreLeftCount) {
  const std::string whole(policy_template());
  const std::size_t tdx = whole.find("[tdx]\n");
  const std::size_t snp = whole.find("[snp]\n");
  ASSERT_TRUE(tdx < snp && snp != std::string::npos);
  using enum evidence::Technology;
  EXPECT_EQ(parsed(whole.substr(0, tdx)).technologies, std::set{Sgx});
  EXPECT_EQ(parsed(whole.substr(0, snp)).technologies, (std::set{Sgx, Tdx}));
}

TEST(Policy, EveryKeyIsRead) {
  const Policy p = parsed(R"(
technologies = ["sgx", "snp"]
revocation = "if-present"
max_age_days = 2
max_list_age_days = 3
max_tcb_info_age_days = 4
max_identity_age_days = 5
roots = [")" + d64 + R"("]
[dcap]
statuses = ["UpToDate", "OutOfDate"]
advisories = ["X"]
min_evaluation_number = 17
tcb_info_v2 = true
[sgx]
mr_enclave = [")" + d64 + R"("]
refused_mr_enclave = [")" +
                          d64 + R"("]
mr_signer = []
product_id = 3
min_svn = 4
debug = true
attributes = "0xff"
xfrm = 7
misc_select = 1
ext_product_id = "00000000000000000000000000000001"
family_id = "00000000000000000000000000000002"
config_id = ")" + d64 + d64 +
                          R"("
min_config_svn = 5
[tdx]
mr_td = [")" + d96 + R"("]
rt_mr0 = []
rt_mr3 = [")" + d96 + R"("]
mr_seam = []
migration = true
attributes = "0x10000000"
required_attributes = "0x10000000"
xfam = "0xe7"
mr_config_id = ")" + d96 + R"("
mr_owner = ")" + d96 + R"("
mr_owner_config = ")" + d96 +
                          R"("
mr_service_td = ")" + d96 +
                          R"("
[snp]
measurement = [")" + d96 + R"("]
refused_measurement = [")" +
                          d96 + R"("]
id_key_sha384 = []
refused_id_key_sha384 = [")" +
                          d96 + R"("]
author_key_sha384 = [")" + d96 +
                          R"("]
host_data = [")" + d64 + R"("]
family_id = "00000000000000000000000000000001"
image_id = "00000000000000000000000000000001"
min_guest_svn = 6
vmpl = [0, 2]
migration = true
min_abi = "1.51"
max_abi = "1.58"
smt = false
single_socket = true
cxl = false
aes_256_xts = true
rapl_disabled = true
ciphertext_hiding = true
page_swap_disabled = true
products = ["Milan", "Turin"]
signing_keys = ["VLEK"]
providers = ["p"]
platform_on = ["ecc", "alias-check"]
platform_off = ["smt"]
min_reported_tcb = { bootloader = 1, tee = 2, snp = 3, microcode = 4, fmc = 5 }
min_launch_tcb = { snp = 3 }
min_firmware = "1.55.5"
provisional_firmware = true
launch_mitigations = "0xffffffffffffffff"
current_mitigations = 1
)");
  EXPECT_EQ(p.technologies.size(), 2U);
  EXPECT_EQ(p.revocation, RevocationRule::IfPresent);
  EXPECT_EQ(p.max_age.all, std::chrono::hours(48));
  EXPECT_EQ(p.max_age.of(Aging::List), std::chrono::hours(72));
  EXPECT_EQ(p.max_age.of(Aging::TcbInfo), std::chrono::hours(96));
  EXPECT_EQ(p.max_age.of(Aging::Identity), std::chrono::hours(120));
  EXPECT_EQ((MaxAges{std::chrono::hours(1), {}, {}, {}}).of(Aging::TcbInfo), std::chrono::hours(1));
  EXPECT_EQ(p.roots.size(), 1U);
  EXPECT_EQ(p.dcap.statuses.size(), 2U);
  EXPECT_FALSE(p.dcap.advisories.contains("Y"));
  EXPECT_TRUE(p.dcap.tcb_info_v2);
  EXPECT_FALSE(p.sgx.mr_signer.is_any());
  EXPECT_EQ(p.sgx.attributes, 255U);
  EXPECT_EQ(p.sgx.min_config_svn, 5);
  EXPECT_EQ(p.tdx.required_attributes, 1ULL << 28U);
  EXPECT_TRUE(p.tdx.rt_mr[1].is_any());
  EXPECT_FALSE(p.tdx.rt_mr[0].is_any());
  EXPECT_FALSE(p.tdx.mr_service_td.is_any());
  EXPECT_FALSE(p.tdx.mr_service_td.contains(tdx::MrServiceTd{}));
  EXPECT_EQ(p.snp.vmpl, (std::set<std::uint32_t>{0, 2}));
  EXPECT_EQ(p.snp.min_abi, 256 + 51);
  EXPECT_EQ(p.snp.max_abi, 256 + 58);
  EXPECT_EQ(p.snp.smt, BitRule::Clear);
  EXPECT_EQ(p.snp.cxl, BitRule::Clear);
  EXPECT_EQ(p.snp.page_swap_disabled, BitRule::Set);
  EXPECT_EQ(p.snp.platform[5], BitRule::Set);
  EXPECT_EQ(p.snp.platform[0], BitRule::Clear);
  EXPECT_EQ(p.snp.min_reported_tcb, (snp::TcbComponents{5, 1, 2, 3, 4}));
  EXPECT_EQ(p.snp.min_firmware, (snp::FirmwareVersion{1, 55, 5}));
  EXPECT_EQ(p.snp.launch_mitigations, UINT64_MAX);
  EXPECT_FALSE(p.snp.provider.contains("q"));
}

/// A key that is read and not kept would be a rule that nobody makes.
TEST(Policy, EachKeyAloneChangesThePolicy) {
  const std::string h16(32, 'a');
  const std::string h64(128, 'a');
  const std::vector<std::pair<std::string, std::string>> keys{
      {"", "revocation = 'if-present'"},
      {"", "max_age_days = 2"},
      {"", "max_list_age_days = 2"},
      {"", "max_tcb_info_age_days = 2"},
      {"", "max_identity_age_days = 2"},
      {"", "carried_lists = true"},
      {"", "roots = ['" + d64 + "']"},
      {"", "technologies = ['sgx']"},
      {"dcap", "statuses = ['OutOfDate']"},
      {"dcap", "advisories = []"},
      {"dcap", "waivers = [{ advisory = 'A', until = 2027-01-01 }]"},
      {"dcap", "ppid = ['" + h16 + "']"},
      {"dcap", "min_evaluation_number = 1"},
      {"dcap", "tcb_info_v2 = true"},
      {"sgx", "mr_enclave = ['" + d64 + "']"},
      {"sgx", "refused_mr_enclave = ['" + d64 + "']"},
      {"sgx", "mr_signer = ['" + d64 + "']"},
      {"sgx", "product_id = 0"},
      {"sgx", "min_svn = 1"},
      {"sgx", "debug = true"},
      {"sgx", "attributes = 5"},
      {"sgx", "xfrm = 5"},
      {"sgx", "misc_select = 0"},
      {"sgx", "ext_product_id = '" + h16 + "'"},
      {"sgx", "family_id = '" + h16 + "'"},
      {"sgx", "config_id = '" + h64 + "'"},
      {"sgx", "config_id = 'any'"},
      {"sgx", "min_config_svn = 1"},
      {"tdx", "mr_td = ['" + d96 + "']"},
      {"tdx", "rt_mr0 = ['" + d96 + "']"},
      {"tdx", "rt_mr1 = ['" + d96 + "']"},
      {"tdx", "rt_mr2 = ['" + d96 + "']"},
      {"tdx", "rt_mr3 = ['" + d96 + "']"},
      {"tdx", "mr_seam = ['" + d96 + "']"},
      {"tdx", "debug = true"},
      {"tdx", "migration = true"},
      {"tdx", "attributes = 5"},
      {"tdx", "required_attributes = 5"},
      {"tdx", "xfam = 5"},
      {"tdx", "mr_config_id = ['" + d96 + "']"},
      {"tdx", "mr_owner = 'any'"},
      {"tdx", "mr_owner_config = ['" + d96 + "']"},
      {"tdx", "mr_service_td = ['" + d96 + "']"},
      {"snp", "measurement = ['" + d96 + "']"},
      {"snp", "refused_measurement = ['" + d96 + "']"},
      {"snp", "id_key_sha384 = ['" + d96 + "']"},
      {"snp", "refused_id_key_sha384 = ['" + d96 + "']"},
      {"snp", "author_key_sha384 = ['" + d96 + "']"},
      {"snp", "host_data = ['" + d64 + "']"},
      {"snp", "family_id = '" + h16 + "'"},
      {"snp", "image_id = '" + h16 + "'"},
      {"snp", "min_guest_svn = 1"},
      {"snp", "vmpl = [1]"},
      {"snp", "debug = true"},
      {"snp", "migration = true"},
      {"snp", "min_abi = '1.51'"},
      {"snp", "max_abi = '1.51'"},
      {"snp", "smt = false"},
      {"snp", "single_socket = true"},
      {"snp", "cxl = false"},
      {"snp", "aes_256_xts = true"},
      {"snp", "rapl_disabled = true"},
      {"snp", "ciphertext_hiding = true"},
      {"snp", "page_swap_disabled = true"},
      {"snp", "products = ['Milan']"},
      {"snp", "signing_keys = ['VLEK']"},
      {"snp", "providers = ['a']"},
      {"snp", "chip_id = ['" + h64 + "']"},
      {"snp", "waivers = [{ advisory = 'AMD-SB-3019', until = '2027-01-01' }]"},
      {"snp", "platform_on = ['ecc']"},
      {"snp", "platform_off = ['smt']"},
      {"snp", "min_reported_tcb = { snp = 1 }"},
      {"snp", "min_launch_tcb = { fmc = 1 }"},
      {"snp", "min_firmware = '1.55.5'"},
      {"snp", "provisional_firmware = true"},
      {"snp", "launch_mitigations = 1"},
      {"snp", "current_mitigations = '0x1'"},
  };
  for (const auto& [table, line] : keys) {
    const std::string head = table.empty() ? "" : "[" + table + "]\n";
    EXPECT_FALSE(parsed(head + line + "\n") == parsed(head)) << head << line;
  }
  for (const std::string part : {"fmc", "bootloader", "tee", "snp", "microcode"}) {
    for (const std::string floor : {"min_reported_tcb", "min_launch_tcb"}) {
      EXPECT_FALSE(parsed("[snp]\n" + floor + " = { " + part + " = 1 }") == parsed("[snp]\n"));
    }
  }
}

TEST(Policy, WaiversNameAnAdvisoryAndADay) {
  const auto of = [](const std::string& text) { return refusal("[snp]\nwaivers = " + text); };
  EXPECT_EQ(of("[{ advisory = 'AMD-SB-3019', until = 2027-01-01 }]"), "accepted");
  for (const std::string text :
       {"3", "[3]", "[{}]", "[{ advisory = 'AMD-SB-3019' }]", "[{ until = 2027-01-01 }]",
        "[{ advisory = 'AMD-SB-3019', until = 3 }]", "[{ advisory = 'AMD-SB-3019', until = '' }]",
        "[{ advisory = 'AMD-SB-3019', until = 'tomorrow!!' }]",
        "[{ advisory = 'AMD-SB-3019', until = 2027-01-01, why = 'so' }]",
        "[{ advisory = 'AMD-SB-3034', until = 2027-01-01 }]",
        "[{ advisory = '', until = 2027-01-01 }]"}) {
    EXPECT_NE(of(text), "accepted") << text;
  }
  EXPECT_NE(refusal("[dcap]\nwaivers = [{ advisory = '" + std::string(65, 'A') +
                    "', until = 2027-01-01 }]"),
            "accepted");
  const Policy policy = parsed("[dcap]\nwaivers = [{ advisory = 'A', until = 2027-01-01 }]");
  EXPECT_EQ(codec::to_rfc3339(policy.dcap.waivers.at(0).until), "2027-01-01T23:59:59Z");
}

TEST(Policy, AKeyIsQuotedInAMessageAsItCanBeShown) {
  EXPECT_NE(refusal("[snp]\nabc_1-x = 1").find("snp.abc_1-x: is no key"), std::string::npos);
  EXPECT_EQ(refusal("[snp]\n\"a b\" = 1").find("snp.a b:"), std::string::npos);
  EXPECT_EQ(refusal("[snp]\n\"a\\u001bb\" = 1").find('\x1b'), std::string::npos);
}

TEST(Policy, NamesOrAnyOrNothing) {
  EXPECT_EQ(parsed("[snp]\n").snp.host_data, accept_zero<snp::HostData>());
  EXPECT_TRUE(parsed("[snp]\nhost_data = 'any'").snp.host_data.is_any());
  EXPECT_EQ(parsed("[snp]\nhost_data = '" + d64 + "'").snp.host_data.values().size(), 1U);
  EXPECT_EQ(parsed("[snp]\nhost_data = []").snp.host_data.values().size(), 0U);
  EXPECT_NE(refusal("[snp]\nhost_data = 'all'"), "accepted");
  EXPECT_NE(refusal("[snp]\nhost_data = 3"), "accepted");
  EXPECT_NE(refusal("[snp]\nauthor_key_sha384 = ['" + std::string(96, '0') + "']"), "accepted");
}

TEST(Policy, TablesSayWhichTechnologiesAreMeant) {
  using enum evidence::Technology;
  EXPECT_EQ(parsed("").technologies, (std::set{Sgx, Tdx, Snp}));
  EXPECT_EQ(parsed("[dcap]\n").technologies, (std::set{Sgx, Tdx, Snp}));
  EXPECT_EQ(parsed("[sgx]\nmr_enclave=['" + d64 + "']").technologies, std::set{Sgx});
  EXPECT_EQ(parsed("[snp]\n[tdx]\n").technologies, (std::set{Tdx, Snp}));
  EXPECT_EQ(parsed("technologies=['snp']\n[sgx]\n").technologies, std::set{Snp});
  EXPECT_TRUE(parsed("technologies=[]\n[sgx]\n").technologies.empty());
}

TEST(Policy, ReportDataIsBoundInOneWay) {
  EXPECT_TRUE(std::holds_alternative<BindToData>(
      parsed("[report_data]\nexact='" + d64 + d64 + "'").binding));
  EXPECT_TRUE(std::holds_alternative<BindToKey>(parsed("[report_data]\nspki='0102'").binding));
  EXPECT_TRUE(std::holds_alternative<BindToAnything>(parsed("[report_data]\nany=true").binding));
  EXPECT_TRUE(std::get<BindToRequest>(parsed("[report_data]\nrequest=true").binding).required);
  EXPECT_FALSE(std::get<BindToRequest>(parsed("[report_data]\nrequest=false").binding).required);
  EXPECT_NE(refusal("[report_data]\nany=true\nrequest=true"), "accepted");
  EXPECT_TRUE(std::holds_alternative<BindToChallenge>(parsed("[report_data]\ntls_key_sha256='" +
                                                             d64 + "'\nhpke_key_sha256='" + d64 +
                                                             "'\nnonce='" + d64 + "'")
                                                          .binding));
  EXPECT_NE(refusal("[report_data]\nnonce='" + d64 + "'"), "accepted");
  EXPECT_TRUE(std::holds_alternative<BindToWork>(
      parsed("[report_data]\nlaunch_sha256='" + d64 + "'\nsaid_sha256='" + d64 + "'").binding));
  EXPECT_NE(refusal("[report_data]\nlaunch_sha256='" + d64 + "'"), "accepted");
  EXPECT_NE(refusal("[report_data]\nsaid_sha256='" + d64 + "'"), "accepted");
  EXPECT_NE(refusal("[report_data]\nany=true\nspki='01'"), "accepted");
  EXPECT_NE(refusal("[report_data]\nspki=''"), "accepted");
  EXPECT_NE(refusal("[report_data]\ntls_key_sha256='" + d64 + "'\nhpke_key_sha256='" + d64 +
                    "'\nnonce='" + std::string(64, '0') + "'"),
            "accepted");
}

TEST(Policy, ReportDataIsNotBoundInTwoWays) {
  const std::vector<std::string> ways{
      "exact='" + d64 + d64 + "'\n",
      "spki='0102'\n",
      "any=true\n",
      "request=true\n",
      "launch_sha256='" + d64 + "'\nsaid_sha256='" + d64 + "'\n",
      "tls_key_sha256='" + d64 + "'\nhpke_key_sha256='" + d64 + "'\nnonce='" + d64 + "'\n"};
  for (std::size_t a = 0; a < ways.size(); ++a) {
    EXPECT_EQ(refusal("[report_data]\n" + ways[a]), "accepted");
    for (std::size_t b = 0; b < ways.size(); ++b) {
      if (a == b) continue;
      EXPECT_NE(refusal("[report_data]\n" + ways[a] + ways[b]), "accepted") << ways[a] << ways[b];
    }
  }
}

TEST(Policy, UnknownKeysAreRefusedWithTheirLine) {
  EXPECT_TRUE(refusal("\ncolour = 1\n")
                  .starts_with("p.toml:2: colour: is no key of a policy; there are: technologies"));
  for (const char* table : {"dcap", "sgx", "tdx", "snp", "report_data"}) {
    EXPECT_NE(refusal(std::string("[") + table + "]\ncolour = 1\n").find("colour"),
              std::string::npos);
  }
  EXPECT_NE(refusal("[snp]\nmin_launch_tcb = { x = 1 }").find("snp.min_launch_tcb.x"),
            std::string::npos);
}

TEST(Policy, ValuesOutOfTheirRangeAreRefused) {
  for (const char* text : {"technologies = ['kvm']",
                           "technologies = 'sgx'",
                           "revocation = 'never'",
                           "max_age_days = -1",
                           "roots = ['00']",
                           "snp = 1",
                           "[dcap]\nstatuses = ['Revoked']",
                           "[dcap]\nstatuses = ['Fine']",
                           "[dcap]\ntcb_info_v2 = 1",
                           "[sgx]\nmr_enclave = 'x'",
                           "[sgx]\nmr_enclave = [1]",
                           "[sgx]\nproduct_id = 65536",
                           "[sgx]\nxfrm = '12'",
                           "[sgx]\nxfrm = '0x'",
                           "[sgx]\nxfrm = '0x1ffffffffffffffff'",
                           "[sgx]\nxfrm = 1.5",
                           "[snp]\nvmpl = [4]",
                           "[snp]\nvmpl = 0",
                           "[snp]\nvmpl = ['x']",
                           "[snp]\nmin_abi = '1'",
                           "[snp]\nmin_abi = '1.256'",
                           "[snp]\nmax_abi = '1'",
                           "[snp]\nmin_abi = '1.2'\nmax_abi = '1.1'",
                           "[snp]\nmin_firmware = '1.55'",
                           "[snp]\nmin_firmware = 'a.b.c'",
                           "[snp]\nproducts = ['Naples']",
                           "[snp]\nsigning_keys = ['none']",
                           "[snp]\nplatform_on = ['x']",
                           "[snp]\nplatform_on = ['ecc']\nplatform_off = ['ecc']",
                           "[snp]\nmin_launch_tcb = 1",
                           "[snp]\nmin_launch_tcb = { snp = 256 }",
                           "[snp]\nfamily_id = 7",
                           "not toml",
                           "[[["}) {
    EXPECT_NE(refusal(text), "accepted") << text;
  }
  EXPECT_NE(refusal(std::string(max_policy_size + 1, ' ')), "accepted");
}

TEST(Policy, AGuestsAbiMustLieBetweenFloorAndCeiling) {
  const testing::FakeAmd fake;
  const auto evidence = evidence::Evidence::parse(fake.signed_report());
  ASSERT_TRUE(evidence.has_value());
  const auto refused = [&](std::uint16_t min, std::uint16_t max) -> std::string {
    Policy policy = fake.policy();
    policy.snp.min_abi = min;
    policy.snp.max_abi = max;
    const Appraisal appraisal = appraise(*evidence, Collateral::prepare(fake.endorsements()),
                                         policy, Moment::asked_for(x509::testing::test_now));
    const auto found = std::ranges::find(appraisal.findings, Check::SnpAbi, &Finding::check);
    if (found == appraisal.findings.end()) return "not judged";
    EXPECT_EQ(found->passed, appraisal.accepted());
    return found->passed ? "" : found->wanted;
  };
  constexpr std::uint16_t asked = 256 + 51;
  EXPECT_EQ(refused(0, 0xFFFF), "");
  EXPECT_EQ(refused(asked, asked), "");
  EXPECT_EQ(refused(asked + 1, 0xFFFF), "asked for at least 1.52 and running it");
  EXPECT_EQ(refused(256, asked - 1), "asked for 1.0 to 1.50 and running it");
  EXPECT_EQ(refused(asked + 1, asked + 1), "asked for 1.52 and running it");
}

Policy steward(std::string_view text) {
  auto policy = Policy::parse_any(text, "steward.toml");
  EXPECT_TRUE(policy.has_value()) << text << "\n" << (policy ? "" : policy.error().text());
  return policy ? *std::move(policy) : Policy{};
}

TEST(StewardPolicy, MeansWhatAStewardMeans) {
  const auto policy =
      Policy::parse_any("[sgx]\nsigner=['" + d64 + "']\nhash=['" + d64 +
                            "']\nfeatures=['KSS']\nenclave_security_version=2\n"
                            "enclave_product_id=0\nmisc_select=['EXINFO']\n"
                            "allowed_advisories=['INTEL-SA-00586']\n"
                            "[snp]\nsigner=['" +
                            d96 + "']\nhash_blacklist=['" + d96 +
                            "']\nabi='>1.0'\npolicy_flags=['SMT']\nplatform_info_flags='SME'\n"
                            "id_key_digest=['" +
                            d96 + "']\nid_key_digest_blacklist=['" + d96 + "']\n",
                        "steward.toml");
  ASSERT_TRUE(policy.has_value()) << policy.error().text();
  EXPECT_EQ(policy->sgx.attributes, 0x85U);
  EXPECT_FALSE(policy->sgx.debug);
  EXPECT_EQ(policy->sgx.min_svn, 2);
  EXPECT_EQ(policy->sgx.misc_select, 1U);
  EXPECT_TRUE(policy->dcap.statuses.contains(sgx::TcbStatus::SWHardeningNeeded));
  EXPECT_FALSE(policy->dcap.statuses.contains(sgx::TcbStatus::OutOfDate));
  EXPECT_NE(find_waiver(policy->dcap.waivers, "INTEL-SA-00586", {1}), nullptr);
  EXPECT_TRUE(policy->carried_lists);
  EXPECT_FALSE(policy->dcap.statuses.contains(sgx::TcbStatus::Revoked));
  EXPECT_EQ(policy->snp.min_abi, 257);
  EXPECT_EQ(policy->snp.max_abi, 0xFFFF);
  EXPECT_EQ(policy->snp.platform[0], BitRule::Set);
  EXPECT_EQ(policy->snp.platform[1], BitRule::Clear);
  EXPECT_FALSE(policy->snp.debug);
  EXPECT_EQ(policy->snp.refused_measurement.size(), 1U);
  EXPECT_EQ(policy->snp.id_key.values().size(), 1U);
  EXPECT_EQ(policy->snp.refused_id_key.size(), 1U);
  EXPECT_EQ(policy->snp.author_key.values().size(), 1U);
  EXPECT_EQ(policy->snp.smt, BitRule::Set);
  EXPECT_EQ(policy->snp.single_socket, BitRule::Any);
  EXPECT_EQ(policy->snp.host_data.values().size(), 1U);
  EXPECT_EQ(policy->snp.family_id, snp::FamilyId{});
  EXPECT_EQ(policy->technologies, (std::set{evidence::Technology::Sgx, evidence::Technology::Snp}));
}

TEST(StewardPolicy, AcceptsOnlyWhatItHasATableOf) {
  const auto policy = Policy::parse_any("[sgx]\nsigner=['" + d64 + "']", "steward.toml");
  ASSERT_TRUE(policy.has_value()) << policy.error().text();
  EXPECT_EQ(policy->technologies, std::set{evidence::Technology::Sgx});
  EXPECT_TRUE(std::get<BindToRequest>(policy->binding).required);
}

TEST(StewardPolicy, IsReadStrictly) {
  for (const std::string& text : std::initializer_list<std::string>{
           "[sgx]\nsigner=['00']", sgx_signer + "features=['X']", sgx_signer + "colour=1",
           snp_signer + "abi='<0'", snp_signer + "abi='1.x.1'", snp_signer + "abi=1",
           snp_signer + "policy_flags=['X']", snp_signer + "platform_info_flags='X'",
           sgx_signer + "misc_select=['X']",
           "[snp]\nhash=['" + d96 + "']\nhash_blacklist=['" + d96 + "']",
           std::string("[sgx]\nenclave_product_id=1"), "[snp]\nid_key_digest=['" + d96 + "']",
           sgx_signer + "[tdx]\n"}) {
    EXPECT_FALSE(Policy::parse_any(text, "steward.toml").has_value()) << text;
  }
  EXPECT_TRUE(steward(sgx_signer + "features=['Debug']").sgx.debug);
  EXPECT_TRUE(steward(snp_signer + "policy_flags=['Debug']").snp.debug);
  EXPECT_EQ(steward(snp_signer + "policy_flags=['SingleSocket']").snp.single_socket, BitRule::Set);
}

TEST(StewardPolicy, AbiIsARequirement) {
  const Policy policy = steward(snp_signer + "abi='^1.51'");
  EXPECT_EQ(policy.snp.min_abi, 256 + 51);
  EXPECT_EQ(policy.snp.max_abi, 256 + 255);
  const auto refused = Policy::parse_any(snp_signer + "abi='>2, <1'", "steward.toml");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().text(),
            "steward.toml:3: snp.abi: '>2, <1' is no requirement that can be met: no version meets "
            "it");
}

TEST(StewardPolicy, AnEmptyListIsNotThere) {
  const Policy sgx = steward(sgx_signer + "hash=[]\nhash_blacklist=[]\nallowed_advisories=[]\n");
  EXPECT_TRUE(sgx == steward(sgx_signer));
  const Policy snp = steward("[snp]\nsigner=[]\nhash=['" + d96 +
                             "']\nid_key_digest=[]\nid_key_digest_blacklist=[]\n"
                             "policy_flags=[]\n");
  EXPECT_TRUE(snp == steward("[snp]\nhash=['" + d96 + "']\n"));
  EXPECT_TRUE(snp.snp.author_key.is_any() && snp.snp.id_key.is_any());
}

TEST(StewardPolicy, EmptyListsNameNobody) {
  for (const std::string_view table : {"[sgx]\n", "[snp]\n"}) {
    const auto policy = Policy::parse_any(
        std::string(table) + "signer=[]\nhash=[]\nhash_blacklist=[]\n", "steward.toml");
    ASSERT_FALSE(policy.has_value());
    EXPECT_NE(policy.error().text().find("name signer, hash or hash_blacklist"), std::string::npos);
  }
}

TEST(StewardPolicy, AnEmptyListOfBitsAllowsNoMore) {
  EXPECT_EQ(steward(sgx_signer + "features=[]").sgx.attributes, 5U);  // which are implied
  EXPECT_EQ(steward(sgx_signer).sgx.attributes, std::nullopt);
  EXPECT_EQ(steward(sgx_signer + "misc_select=[]").sgx.misc_select, 0U);
  EXPECT_EQ(steward(sgx_signer).sgx.misc_select, std::nullopt);
}

TEST(Policy, AnEmptyListAcceptsNone) {
  const Policy policy = parsed("[snp]\nmeasurement=[]\n[sgx]\nmr_signer=[]\n");
  EXPECT_FALSE(policy.snp.measurement.contains(snp::LaunchDigest{}));
  EXPECT_FALSE(policy.sgx.mr_signer.contains(sgx::MrSigner{}));
}

}  // namespace
}  // namespace merlon::verify
