#include "merlon/base/text.h"
#include "merlon/sgx/testing/make.h"
#include "merlon/verify/testing/faults.h"

namespace merlon::verify::testing {

using sgx::testing::put;
using enum Check;
using x509::testing::test_now;

namespace {

constexpr codec::UnixTime before{test_now.seconds - 1};

const std::set<Check> no_tcb_info{TcbInfoFound, TcbInfoSignature, TcbInfoFresh, TcbInfoEvaluation,
                                  TcbLevel,     TcbStatus,        Advisories};

std::set<Check> with(std::set<Check> all, std::initializer_list<Check> more) {
  all.insert(more);
  return all;
}

/// A platform that wants hardening for INTEL-SA-1, which is waived, as OutOfDate is accepted.
void hardening_waived(FakeIntel& fake, Policy& policy) {
  fake.tcb_info.levels =
      testing::level(5, "SWHardeningNeeded", fake.is_tdx, 11, 3, "\"INTEL-SA-1\"");
  policy.dcap.statuses = {sgx::TcbStatus::UpToDate, sgx::TcbStatus::OutOfDate};
  policy.dcap.waivers = {{"INTEL-SA-1", test_now}};
}

}  // namespace

const std::vector<Fault<FakeIntel>>& dcap_faults() {
  static const std::vector<Fault<FakeIntel>> faults{
      {"nothing", [](FakeIntel&, Policy&) {}, {}},
      {"technology", [](FakeIntel&, Policy& p) { p.technologies.clear(); }, {Technology}},
      {"report data",
       [](FakeIntel&, Policy& p) { p.binding = BindToData{filled<evidence::ReportData>(1)}; },
       {ReportData}},
      {"no request", [](FakeIntel&, Policy& p) { p.binding = BindToRequest{true}; }, {ReportData}},
      {"challenge of zeros",
       [](FakeIntel& f, Policy& p) {
         const BindToChallenge zeros{};
         const auto data =
             evidence::keep_report_data(zeros.tls_key_digest, zeros.hpke_key_digest, zeros.nonce);
         std::ranges::copy(data.view(), f.body.end() - 64);
         p.binding = zeros;
       },
       {ReportData}},
      {"challenge answered",
       [](FakeIntel& f, Policy& p) {
         const BindToChallenge challenge{{}, {}, filled<evidence::Nonce>(1)};
         const auto data = evidence::keep_report_data(challenge.tls_key_digest,
                                                      challenge.hpke_key_digest, challenge.nonce);
         std::ranges::copy(data.view(), f.body.end() - 64);
         p.binding = challenge;
       },
       {}},
      {"bound key", [](FakeIntel&, Policy& p) { p.binding = BindToKey{{1, 2, 3}}; }, {ReportData}},
      {"challenge", [](FakeIntel&, Policy& p) { p.binding = BindToChallenge{}; }, {ReportData}},
      {"the root comes with the endorsements",
       [](FakeIntel& f, Policy&) { f.no_pck_root = true; },
       {}},
      {"no CA anywhere", [](FakeIntel& f, Policy&) { f.no_pck_ca = true; },
       with(no_tcb_info, {PckForm, PckAnchor, PckSignatures, PckNames, PckValidity, PckConstraints,
                          PckCaRevocation, PckRevocation, QeReportSignature})},
      {"root", [](FakeIntel&, Policy& p) { p.roots.clear(); }, {PckAnchor, TcbSignerPath}},
      {"PCK of another CA's",
       [](FakeIntel& f, Policy&) { f.pck.issuer = "Intel SGX PCK Processor CA"; },
       {PckNames}},
      {"PCK signed by another",
       [](FakeIntel& f, Policy&) { f.stranger_signs_leaf = true; },
       {PckSignatures}},
      {"PCK expired", [](FakeIntel& f, Policy&) { f.pck.not_after = before; }, {PckValidity}},
      {"CA is none", [](FakeIntel& f, Policy&) { f.ca.ca = false; }, {PckConstraints}},
      {"CA revoked", [](FakeIntel& f, Policy&) { f.root_list.serials = {8}; }, {PckCaRevocation}},
      {"PCK revoked", [](FakeIntel& f, Policy&) { f.ca_list.serials = {7}; }, {PckRevocation}},
      {"signer revoked",
       [](FakeIntel& f, Policy&) { f.root_list.serials = {9}; },
       {TcbSignerRevocation}},
      {"stale list",
       [](FakeIntel& f, Policy&) { f.ca_list.next_update = before; },
       {PckRevocation}},
      {"no lists",
       [](FakeIntel& f, Policy&) { f.no_root_list = f.no_ca_list = true; },
       {PckCaRevocation, PckRevocation, TcbSignerRevocation}},
      {"no lists, allowed",
       [](FakeIntel& f, Policy& p) {
         f.no_root_list = f.no_ca_list = true;
         p.revocation = RevocationRule::IfPresent;
       },
       {}},
      {"stale lists are not allowed",
       [](FakeIntel& f, Policy& p) {
         f.ca_list.next_update = before;
         p.revocation = RevocationRule::IfPresent;
       },
       {PckRevocation}},
      {"too old",
       [](FakeIntel&, Policy& p) { p.max_age.all = std::chrono::hours(24); },
       {PckCaRevocation, PckRevocation, TcbSignerRevocation, TcbInfoFresh, QeIdentityFresh}},
      {"another platform", [](FakeIntel& f, Policy&) { f.platform.fmspc[0] = 1; }, no_tcb_info},
      {"another PCE", [](FakeIntel& f, Policy&) { f.platform.pce_id[0] = 1; }, no_tcb_info},
      {"no TCB info", [](FakeIntel& f, Policy&) { f.no_tcb_info = true; }, no_tcb_info},
      {"TCB info signature",
       [](FakeIntel& f, Policy&) { f.bad_tcb_info_signature = true; },
       {TcbInfoSignature}},
      {"TCB info over",
       [](FakeIntel& f, Policy&) { f.tcb_info.next = "2025-06-15T15:06:40Z"; },
       {TcbInfoFresh}},
      {"TCB info to come",
       [](FakeIntel& f, Policy&) { f.tcb_info.issued = "2025-06-16T00:00:00Z"; },
       {TcbInfoFresh}},
      {"evaluation",
       [](FakeIntel&, Policy& p) { p.dcap.min_evaluation_number = 18; },
       {TcbInfoEvaluation, QeIdentityEvaluation}},
      {"no identity",
       [](FakeIntel& f, Policy&) { f.no_identity = true; },
       {QeIdentityFound, QeIdentitySignature, QeIdentityFresh, QeIdentityEvaluation, QeSigner,
        QeProduct, QeMiscSelect, QeAttributes, QeTcb, TcbStatus}},
      {"identity of another enclave",
       [](FakeIntel& f, Policy&) { f.identity.id = "QVE"; },
       {QeIdentityFound, QeIdentitySignature, QeIdentityFresh, QeIdentityEvaluation, QeSigner,
        QeProduct, QeMiscSelect, QeAttributes, QeTcb, TcbStatus}},
      {"identity signature",
       [](FakeIntel& f, Policy&) { f.bad_identity_signature = true; },
       {QeIdentitySignature}},
      {"identity over",
       [](FakeIntel& f, Policy&) { f.identity.next = "2025-06-02T00:00:00Z"; },
       {QeIdentityFresh}},
      {"no signer",
       [](FakeIntel& f, Policy&) { f.no_signer = true; },
       {TcbInfoSignature, QeIdentitySignature, TcbSignerPath, TcbSignerRevocation}},
      {"signer expired",
       [](FakeIntel& f, Policy&) { f.signer.not_after = before; },
       {TcbSignerPath}},
      {"QE report signature",
       [](FakeIntel& f, Policy&) { f.bad_qe_signature = true; },
       {QeReportSignature}},
      {"binding", [](FakeIntel& f, Policy&) { f.bad_binding = true; }, {AttestationKeyBinding}},
      {"binding's zeros",
       [](FakeIntel& f, Policy&) { f.bad_binding_tail = true; },
       {AttestationKeyBinding}},
      {"QE signer", [](FakeIntel& f, Policy&) { f.qe_report[0x80] ^= 1U; }, {QeSigner}},
      {"QE product", [](FakeIntel& f, Policy&) { put(f.qe_report, 0x100, 7, 2); }, {QeProduct}},
      {"QE misc", [](FakeIntel& f, Policy&) { put(f.qe_report, 0x10, 1, 4); }, {QeMiscSelect}},
      {"QE attributes",
       [](FakeIntel& f, Policy&) { put(f.qe_report, 0x30, 0x21, 8); },
       {QeAttributes}},
      {"debug QE", [](FakeIntel& f, Policy&) { put(f.qe_report, 0x30, 0x13, 8); }, {QeAttributes}},
      {"debug QE that the identity's mask lets through",
       [](FakeIntel& f, Policy&) {
         put(f.qe_report, 0x30, 0x13, 8);
         f.identity_mask = "F9FFFFFFFFFFFFFF0000000000000000";
       },
       {QeAttributes}},
      {"QE too old for any level",
       [](FakeIntel& f, Policy&) { put(f.qe_report, 0x102, 3, 2); },
       {QeTcb, TcbStatus}},
      {"QE revoked",
       [](FakeIntel& f, Policy&) { put(f.qe_report, 0x102, 4, 2); },
       {QeTcb, TcbStatus}},
      {"QE out of date", [](FakeIntel& f, Policy&) { put(f.qe_report, 0x102, 7, 2); }, {TcbStatus}},
      {"quote signature",
       [](FakeIntel& f, Policy&) { f.bad_quote_signature = true; },
       {QuoteSignature}},
      {"no point of the curve",
       [](FakeIntel& f, Policy&) { f.bad_attestation_key = true; },
       {QuoteSignature}},
      {"below every level",
       [](FakeIntel& f, Policy&) { f.platform.components[15] = 4; },
       {TcbLevel, TcbStatus, Advisories}},
      {"PCE below every level",
       [](FakeIntel& f, Policy&) { f.platform.pce_svn = 10; },
       {TcbLevel, TcbStatus, Advisories}},
      {"the next level",
       [](FakeIntel& f, Policy&) {
         f.tcb_info.levels = testing::level(6, "UpToDate", f.is_tdx) + "," +
                             testing::level(5, "OutOfDate", f.is_tdx);
       },
       {TcbStatus}},
      {"revoked level",
       [](FakeIntel& f, Policy& p) {
         f.tcb_info.levels = testing::level(5, "Revoked", f.is_tdx);
         p.dcap.statuses.insert(sgx::TcbStatus::Revoked);
       },
       {TcbStatus}},
      {"advisory",
       [](FakeIntel& f, Policy& p) {
         f.tcb_info.levels =
             testing::level(5, "UpToDate", f.is_tdx, 11, 3, "\"INTEL-SA-1\",\"INTEL-SA-2\"");
         p.dcap.advisories = Accept<std::string>({"INTEL-SA-1"});
       },
       {Advisories}},
      {"another status, not waived",
       [](FakeIntel& f, Policy& p) {
         f.tcb_info.levels = testing::level(5, "SWHardeningNeeded", f.is_tdx, 11, 3,
                                            "\"INTEL-SA-1\",\"INTEL-SA-2\"");
         p.dcap.statuses.insert(sgx::TcbStatus::SWHardeningNeeded);
         p.dcap.waivers = {{"INTEL-SA-1", {x509::testing::test_now.seconds}}};
       },
       {Advisories}},
      {"another status, waived",
       [](FakeIntel& f, Policy& p) {
         f.tcb_info.levels = testing::level(5, "SWHardeningNeeded", f.is_tdx, 11, 3,
                                            "\"INTEL-SA-1\",\"INTEL-SA-2\"");
         p.dcap.statuses.insert(sgx::TcbStatus::SWHardeningNeeded);
         p.dcap.waivers = {{"INTEL-SA-1", {x509::testing::test_now.seconds}},
                           {"INTEL-SA-2", {x509::testing::test_now.seconds}}};
       },
       {}},
      {"waived up to yesterday",
       [](FakeIntel& f, Policy& p) {
         f.tcb_info.levels = testing::level(5, "OutOfDate", f.is_tdx, 11, 3, "\"INTEL-SA-1\"");
         p.dcap.statuses.insert(sgx::TcbStatus::OutOfDate);
         p.dcap.waivers = {{"INTEL-SA-1", {x509::testing::test_now.seconds - 1}}};
       },
       {Advisories}},
      {"another status without an advisory",
       [](FakeIntel& f, Policy& p) {
         f.tcb_info.levels = testing::level(5, "ConfigurationNeeded", f.is_tdx);
         p.dcap.statuses.insert(sgx::TcbStatus::ConfigurationNeeded);
       },
       {Advisories}},
      {"another status without an advisory, waived by its name",
       [](FakeIntel& f, Policy& p) {
         f.tcb_info.levels = testing::level(5, "ConfigurationNeeded", f.is_tdx);
         p.dcap.statuses.insert(sgx::TcbStatus::ConfigurationNeeded);
         p.dcap.waivers = {{"ConfigurationNeeded", {x509::testing::test_now.seconds}}};
       },
       {}},
      {"quoting enclave out of date behind an advisory of the platform's that is waived",
       [](FakeIntel& f, Policy& p) {
         hardening_waived(f, p);
         put(f.qe_report, 0x102, 7, 2);
       },
       {Advisories}},
      {"quoting enclave out of date, waived by its status",
       [](FakeIntel& f, Policy& p) {
         hardening_waived(f, p);
         put(f.qe_report, 0x102, 7, 2);
         p.dcap.waivers.push_back({"OutOfDate", test_now});
       },
       {}},
      {"the platform's own status behind a quoting enclave's that is waived",
       [](FakeIntel& f, Policy& p) {
         hardening_waived(f, p);
         f.tcb_info.levels = testing::level(5, "SWHardeningNeeded", f.is_tdx);
         put(f.qe_report, 0x102, 7, 2);
         p.dcap.waivers = {{"OutOfDate", test_now}};
       },
       {Advisories}},
      {"both statuses waived",
       [](FakeIntel& f, Policy& p) {
         hardening_waived(f, p);
         f.tcb_info.levels = testing::level(5, "SWHardeningNeeded", f.is_tdx);
         put(f.qe_report, 0x102, 7, 2);
         p.dcap.waivers = {{"OutOfDate", test_now}, {"SWHardeningNeeded", test_now}};
       },
       {}},
      {"quoting enclave out of date with an advisory of its own, not waived",
       [](FakeIntel& f, Policy& p) {
         hardening_waived(f, p);
         f.identity.levels = testing::isv_level(8, "OutOfDate", "\"INTEL-SA-2\"");
         p.dcap.waivers.push_back({"OutOfDate", test_now});
       },
       {Advisories}},
      {"quoting enclave out of date with an advisory of its own, waived",
       [](FakeIntel& f, Policy& p) {
         hardening_waived(f, p);
         f.identity.levels = testing::isv_level(8, "OutOfDate", "\"INTEL-SA-2\"");
         p.dcap.waivers.push_back({"INTEL-SA-2", test_now});
       },
       {}},
      {"platform that nobody named",
       [](FakeIntel&, Policy& p) { p.dcap.ppid = Accept<sgx::Ppid>({filled<sgx::Ppid>(0x77)}); },
       {KnownPlatform}},
  };
  return faults;
}

const std::vector<Fault<FakeIntel>>& sgx_faults() {
  static const std::vector<Fault<FakeIntel>> faults{
      {"debug", [](FakeIntel& f, Policy&) { put(f.body, 0x30, 7, 8); }, {SgxDebug}},
      {"debug, allowed",
       [](FakeIntel& f, Policy& p) {
         put(f.body, 0x30, 7, 8);
         p.sgx.debug = true;
       },
       {}},
      {"attributes",
       [](FakeIntel& f, Policy& p) {
         put(f.body, 0x30, 0x15, 8);
         p.sgx.attributes = 5;
       },
       {SgxAttributes}},
      {"XFRM",
       [](FakeIntel& f, Policy& p) {
         put(f.body, 0x38, 7, 8);
         p.sgx.xfrm = 3;
       },
       {SgxXfrm}},
      {"MISCSELECT",
       [](FakeIntel& f, Policy& p) {
         put(f.body, 0x10, 2, 4);
         p.sgx.misc_select = 1;
       },
       {SgxMiscSelect}},
      {"enclave",
       [](FakeIntel&, Policy& p) {
         p.sgx.mr_enclave = Accept<sgx::MrEnclave>({filled<sgx::MrEnclave>(1)});
       },
       {MrEnclave}},
      {"enclave refused",
       [](FakeIntel&, Policy& p) { p.sgx.refused_mr_enclave = {sgx::MrEnclave{}}; },
       {MrEnclave}},
      {"empty list",
       [](FakeIntel&, Policy& p) {
         p.sgx.mr_enclave = Accept<sgx::MrEnclave>(std::vector<sgx::MrEnclave>{});
       },
       {MrEnclave}},
      {"signer",
       [](FakeIntel&, Policy& p) {
         p.sgx.mr_signer = Accept<sgx::MrSigner>({filled<sgx::MrSigner>(1)});
       },
       {MrSigner}},
      {"product", [](FakeIntel&, Policy& p) { p.sgx.product_id = 1; }, {SgxProduct}},
      {"version", [](FakeIntel&, Policy& p) { p.sgx.min_svn = 1; }, {SgxSvn}},
      {"no KSS",
       [](FakeIntel&, Policy& p) {
         p.sgx.config_id = Accept<sgx::ConfigId>({filled<sgx::ConfigId>(1)});
       },
       {SgxKss}},
      {"configuration",
       [](FakeIntel& f, Policy& p) {
         put(f.body, 0x30, 0x85, 8);
         p.sgx.config_id = Accept<sgx::ConfigId>({filled<sgx::ConfigId>(1)});
       },
       {SgxKss}},
      {"configuration that nobody named",
       [](FakeIntel& f, Policy&) {
         put(f.body, 0x30, 0x85, 8);
         f.body[0xC0] = 1;
       },
       {SgxKss}},
      {"configuration, any",
       [](FakeIntel& f, Policy& p) {
         put(f.body, 0x30, 0x85, 8);
         f.body[0xC0] = 1;
         p.sgx.config_id = {};
       },
       {}},
      {"KSS as asked",
       [](FakeIntel& f, Policy& p) {
         put(f.body, 0x30, 0x85, 8);
         put(f.body, 0x104, 2, 2);
         p.sgx.family_id = sgx::IsvFamilyId{};
         p.sgx.ext_product_id = sgx::IsvExtProdId{};
         p.sgx.min_config_svn = 2;
       },
       {}},
  };
  return faults;
}

const std::vector<Fault<FakeIntel>>& tdx_faults() {
  static const std::vector<Fault<FakeIntel>> faults{
      {"unknown module",
       [](FakeIntel& f, Policy&) { f.body[1] = 9; },
       {TdxModuleSigner, TdxModuleAttributes, TdxModuleTcb, TcbStatus}},
      {"module of TDX 1.0 below the level in its first component",
       [](FakeIntel& f, Policy&) {
         f.body[0] = 2;
         f.body[1] = 0;
         f.tcb_info.levels = testing::tdx_1_0_level(3, 0);
       },
       {TcbLevel, TcbStatus, Advisories}},
      {"module of TDX 1.0 at the level",
       [](FakeIntel& f, Policy&) {
         f.body[1] = 0;
         f.tcb_info.levels = testing::tdx_1_0_level(3, 0);
       },
       {}},
      {"module's signer", [](FakeIntel& f, Policy&) { f.body[64] = 1; }, {TdxModuleSigner}},
      {"module's attributes",
       [](FakeIntel& f, Policy&) { f.body[112] = 1; },
       {TdxModuleAttributes}},
      {"module out of date", [](FakeIntel& f, Policy&) { f.body[0] = 2; }, {TcbStatus}},
      {"module out of date behind an advisory of the platform's that is waived",
       [](FakeIntel& f, Policy& p) {
         hardening_waived(f, p);
         f.body[0] = 2;
       },
       {Advisories}},
      {"module out of date, waived by its status",
       [](FakeIntel& f, Policy& p) {
         hardening_waived(f, p);
         f.body[0] = 2;
         p.dcap.waivers.push_back({"OutOfDate", test_now});
       },
       {}},
      {"module revoked", [](FakeIntel& f, Policy&) { f.body[0] = 1; }, {TdxModuleTcb, TcbStatus}},
      {"module below every level",
       [](FakeIntel& f, Policy&) { f.body[0] = 0; },
       {TdxModuleTcb, TcbStatus}},
      {"older module",
       [](FakeIntel& f, Policy&) {
         f.body[1] = 0;
         f.tcb_info.levels = testing::level(5, "UpToDate", true, 11, 0);
       },
       {}},
      {"TDX components",
       [](FakeIntel& f, Policy&) { f.body[2] = 2; },
       {TcbLevel, TcbStatus, Advisories}},
      {"debug", [](FakeIntel& f, Policy&) { f.body[120] = 1; }, {TdxDebug}},
      {"another way to debug", [](FakeIntel& f, Policy&) { f.body[120] = 0x10; }, {TdxDebug}},
      {"debug, allowed",
       [](FakeIntel& f, Policy& p) {
         f.body[120] = 1;
         p.tdx.debug = true;
       },
       {}},
      {"a reserved attribute", [](FakeIntel& f, Policy&) { f.body[124] = 1; }, {TdxAttributes}},
      {"a reserved attribute, allowed by name",
       [](FakeIntel& f, Policy& p) {
         f.body[124] = 1;
         p.tdx.attributes = 1ULL << 32U;
       },
       {}},
      {"a required attribute",
       [](FakeIntel&, Policy& p) { p.tdx.required_attributes = tdx::attribute_sept_ve_disable; },
       {TdxAttributes}},
      {"a required attribute that is there",
       [](FakeIntel& f, Policy& p) {
         f.body[123] = 0x10;
         p.tdx.required_attributes = tdx::attribute_sept_ve_disable;
       },
       {}},
      {"migratable", [](FakeIntel& f, Policy&) { f.body[123] = 0x20; }, {TdxMigration}},
      {"attributes",
       [](FakeIntel& f, Policy& p) {
         f.body[123] = 0x50;
         p.tdx.attributes = 0x1000'0000;
       },
       {TdxAttributes}},
      {"XFAM",
       [](FakeIntel& f, Policy& p) {
         f.body[128] = 7;
         p.tdx.xfam = 3;
       },
       {TdxXfam}},
      {"MRTD",
       [](FakeIntel&, Policy& p) { p.tdx.mr_td = Accept<tdx::MrTd>({filled<tdx::MrTd>(1)}); },
       {MrTd}},
      {"RTMR",
       [](FakeIntel&, Policy& p) { p.tdx.rt_mr[3] = Accept<tdx::RtMr>({filled<tdx::RtMr>(1)}); },
       {RtMr}},
      {"RTMR 0",
       [](FakeIntel&, Policy& p) { p.tdx.rt_mr[0] = Accept<tdx::RtMr>({filled<tdx::RtMr>(1)}); },
       {RtMr}},
      {"RTMR 1 and 2",
       [](FakeIntel&, Policy& p) {
         p.tdx.rt_mr[1] = p.tdx.rt_mr[2] = Accept<tdx::RtMr>({filled<tdx::RtMr>(1)});
       },
       {RtMr}},
      {"MRSEAM",
       [](FakeIntel&, Policy& p) { p.tdx.mr_seam = Accept<tdx::MrSeam>({filled<tdx::MrSeam>(1)}); },
       {MrSeam}},
      {"MRCONFIGID",
       [](FakeIntel&, Policy& p) {
         p.tdx.mr_config_id = Accept<tdx::MrConfigId>({filled<tdx::MrConfigId>(1)});
       },
       {TdxOwner}},
      {"MROWNER",
       [](FakeIntel&, Policy& p) {
         p.tdx.mr_owner = Accept<tdx::MrOwner>({filled<tdx::MrOwner>(1)});
       },
       {TdxOwner}},
      {"MROWNERCONFIG",
       [](FakeIntel&, Policy& p) {
         p.tdx.mr_owner_config = Accept<tdx::MrOwnerConfig>({filled<tdx::MrOwnerConfig>(1)});
       },
       {TdxOwner}},
      {"MRCONFIGID that nobody named", [](FakeIntel& f, Policy&) { f.body[184] = 1; }, {TdxOwner}},
      {"MROWNER that nobody named", [](FakeIntel& f, Policy&) { f.body[232] = 1; }, {TdxOwner}},
      {"MROWNERCONFIG that nobody named",
       [](FakeIntel& f, Policy&) { f.body[280] = 1; },
       {TdxOwner}},
      {"MROWNER, any",
       [](FakeIntel& f, Policy& p) {
         f.body[232] = 1;
         p.tdx.mr_owner = {};
       },
       {}},
      {"TDX 1.5", [](FakeIntel& f, Policy&) { f.report_as_tdx_1_5(); }, {}},
      {"a newer module since",
       [](FakeIntel& f, Policy&) {
         f.report_as_tdx_1_5();
         f.body[584] = 4;
       },
       {}},
      {"the module that runs now is out of date",
       [](FakeIntel& f, Policy&) {
         f.report_as_tdx_1_5();
         f.body[584] = 2;
       },
       {TcbStatus}},
      {"the module that runs now is revoked",
       [](FakeIntel& f, Policy&) {
         f.report_as_tdx_1_5();
         f.body[584] = 1;
       },
       {TdxModuleTcb, TcbStatus}},
      {"the module that runs now is none of Intel's",
       [](FakeIntel& f, Policy&) {
         f.report_as_tdx_1_5();
         f.body[585] = 9;
       },
       {TdxModuleTcb, TcbStatus}},
      {"the module that runs now has older TDX components",
       [](FakeIntel& f, Policy&) {
         f.report_as_tdx_1_5();
         f.body[586] = 2;
       },
       {TcbLevel, TcbStatus, Advisories}},
      {"MRSERVICETD that nobody named",
       [](FakeIntel& f, Policy&) {
         f.report_as_tdx_1_5();
         f.body[600] = 1;
       },
       {MrServiceTd}},
      {"MRSERVICETD, any",
       [](FakeIntel& f, Policy& p) {
         f.report_as_tdx_1_5();
         f.body[600] = 1;
         p.tdx.mr_service_td = {};
       },
       {}},
      {"MRSERVICETD",
       [](FakeIntel&, Policy& p) {
         p.tdx.mr_service_td = Accept<tdx::MrServiceTd>({filled<tdx::MrServiceTd>(1)});
       },
       {MrServiceTd}},
  };
  return faults;
}

}  // namespace merlon::verify::testing
