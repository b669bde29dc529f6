#include "merlon/sgx/testing/make.h"
#include "merlon/verify/testing/faults.h"

namespace merlon::verify::testing {

using enum Check;
using sgx::testing::put;
using x509::testing::test_now;

namespace {

constexpr codec::UnixTime before{test_now.seconds - 1};

const std::set<Check> no_leaf{SnpProduct,    SnpForm,           SnpAnchor,      SnpSignatures,
                              SnpNames,      SnpValidity,       SnpConstraints, SnpCaRevocation,
                              SnpLeafKind,   SnpLeafRevocation, SnpSignature,   SnpChip,
                              SnpEndorsedTcb};

}  // namespace

const std::vector<Fault<FakeAmd>>& snp_faults() {
  static const std::vector<Fault<FakeAmd>> faults{
      {"nothing", [](FakeAmd&, Policy&) {}, {}},
      {"technology",
       [](FakeAmd&, Policy& p) { p.technologies.erase(evidence::Technology::Snp); },
       {Technology}},
      {"report data",
       [](FakeAmd&, Policy& p) { p.binding = BindToData{filled<evidence::ReportData>(1)}; },
       {ReportData}},
      {"algorithm", [](FakeAmd& f, Policy&) { f.report[0x34] = 2; }, {SnpAlgorithm}},
      {"no leaf", [](FakeAmd& f, Policy&) { f.no_leaf = true; }, no_leaf},
      {"no CA",
       [](FakeAmd& f, Policy&) { f.no_ca = true; },
       {SnpProduct, SnpForm, SnpAnchor, SnpSignatures, SnpNames, SnpCaRevocation, SnpLeafRevocation,
        SnpConstraints}},
      {"another product's processor",
       [](FakeAmd& f, Policy&) { f.report[0x189] = 0x11; },
       {SnpProduct}},
      {"unknown processor", [](FakeAmd& f, Policy&) { f.report[0x188] = 0x17; }, {SnpProduct}},
      {"another product's leaf",
       [](FakeAmd& f, Policy&) { f.endorsed.product = "Genoa-B0"; },
       {SnpProduct}},
      {"product not accepted",
       [](FakeAmd&, Policy& p) { p.snp.product = Accept<snp::Product>({snp::Product::Turin}); },
       {SnpProduct}},
      {"leaf signed by another",
       [](FakeAmd& f, Policy&) { f.stranger_signs_leaf = true; },
       {SnpSignatures}},
      {"names", [](FakeAmd& f, Policy&) { f.leaf.subject = "SEV-OTHER"; }, {SnpForm, SnpLeafKind}},
      {"root", [](FakeAmd&, Policy& p) { p.roots.clear(); }, {SnpAnchor}},
      {"CA is none", [](FakeAmd& f, Policy&) { f.ca.ca = false; }, {SnpConstraints}},
      {"leaf expired", [](FakeAmd& f, Policy&) { f.leaf.not_after = before; }, {SnpValidity}},
      {"CA revoked", [](FakeAmd& f, Policy&) { f.list.serials = {8}; }, {SnpCaRevocation}},
      {"stale list", [](FakeAmd& f, Policy&) { f.list.next_update = before; }, {SnpCaRevocation}},
      {"no list", [](FakeAmd& f, Policy&) { f.no_list = true; }, {SnpCaRevocation}},
      {"no list, allowed",
       [](FakeAmd& f, Policy& p) {
         f.no_list = true;
         p.revocation = RevocationRule::IfPresent;
       },
       {}},
      {"VCEK under an ASVK",
       [](FakeAmd& f, Policy&) { f.ca.subject = f.leaf.issuer = "SEV-VLEK-Milan"; },
       {SnpForm}},
      {"VCEK under another product's ASK",
       [](FakeAmd& f, Policy&) { f.ca.subject = f.leaf.issuer = "SEV-Genoa"; },
       {SnpForm}},
      {"VCEK that names a provider",
       [](FakeAmd& f, Policy&) { f.endorsed.csp_id = "cloud.example"; },
       {SnpLeafKind}},
      {"signed by a VLEK, it says",
       [](FakeAmd& f, Policy&) { f.report[0x48] = 4; },
       {SnpLeafKind, SnpChip}},
      {"signed by nothing", [](FakeAmd& f, Policy&) { f.report[0x48] = 7 << 2; }, {SnpLeafKind}},
      {"VLEK wanted",
       [](FakeAmd&, Policy& p) {
         p.snp.signing_key = Accept<snp::SigningKey>({snp::SigningKey::Vlek});
       },
       {SnpLeafKind}},
      {"provider wanted",
       [](FakeAmd&, Policy& p) { p.snp.provider = Accept<std::string>({"cloud.example"}); },
       {SnpLeafKind}},
      {"signature", [](FakeAmd& f, Policy&) { f.bad_signature = true; }, {SnpSignature}},
      {"key of another curve", [](FakeAmd& f, Policy&) { f.p256_leaf = true; }, {SnpSignature}},
      {"chip", [](FakeAmd& f, Policy&) { f.report[0x1A0] ^= 1U; }, {SnpChip}},
      {"masked chip", [](FakeAmd& f, Policy&) { f.report[0x48] = 2; }, {SnpChip}},
      {"zero chip",
       [](FakeAmd& f, Policy&) {
         std::fill_n(f.report.begin() + 0x1A0, 64, std::uint8_t{0});
         f.endorsed.hwid = Bytes(64, 0);
       },
       {SnpChip}},
      {"short HWID",
       [](FakeAmd& f, Policy&) {
         f.endorsed.hwid = Bytes(8, 0xC1);
         std::fill_n(f.report.begin() + 0x1A8, 56, std::uint8_t{0});
       },
       {SnpChip}},
      {"no HWID", [](FakeAmd& f, Policy&) { f.endorsed.hwid.reset(); }, {SnpChip, SnpLeafKind}},
      {"leaf above the report",
       [](FakeAmd& f, Policy&) { f.endorsed.tcb.microcode = 221; },
       {SnpEndorsedTcb}},
      {"leaf below the report",
       [](FakeAmd& f, Policy&) { f.endorsed.tcb.snp = 28; },
       {SnpEndorsedTcb}},
      {"reserved TCB bytes", [](FakeAmd& f, Policy&) { f.report[0x1F3] = 1; }, {SnpEndorsedTcb}},
      {"reported above committed",
       [](FakeAmd& f, Policy&) { f.report[0x1E7] = f.report[0x3F] = 219; },
       {SnpTcbOrder}},
      {"committed above current", [](FakeAmd& f, Policy&) { f.report[0x3F] = 219; }, {SnpTcbOrder}},
      {"reported floor",
       [](FakeAmd&, Policy& p) { p.snp.min_reported_tcb.snp = 30; },
       {SnpReportedTcb}},
      {"launch floor",
       [](FakeAmd&, Policy& p) { p.snp.min_launch_tcb.bootloader = 4; },
       {SnpLaunchTcb}},
      {"firmware floor",
       [](FakeAmd&, Policy& p) { p.snp.min_firmware = {1, 55, 6}; },
       {SnpFirmware}},
      {"provisional", [](FakeAmd& f, Policy&) { f.report[0x1E8] = 6; }, {SnpProvisional}},
      {"microcode not committed", [](FakeAmd& f, Policy&) { f.report[0x3F] = 221; }, {}},
      {"provisional, allowed",
       [](FakeAmd& f, Policy& p) {
         f.report[0x1E8] = 6;
         p.snp.provisional_firmware = true;
       },
       {}},
      {"VMPL", [](FakeAmd& f, Policy&) { f.report[0x30] = 1; }, {SnpVmpl}},
      {"host",
       [](FakeAmd& f, Policy& p) {
         put(f.report, 0x30, 0xFFFFFFFF, 4);
         p.snp.vmpl.insert(snp::host_vmpl);
       },
       {SnpVmpl}},
      {"debug", [](FakeAmd& f, Policy&) { f.report[0x0A] |= 8U; }, {SnpDebug}},
      {"migration", [](FakeAmd& f, Policy&) { f.report[0x0A] |= 4U; }, {SnpMigration}},
      {"migration agent's report",
       [](FakeAmd& f, Policy&) { f.report[0x160] = 1; },
       {SnpMigration}},
      {"ABI floor", [](FakeAmd&, Policy& p) { p.snp.min_abi = 256 + 52; }, {SnpAbi}},
      {"ABI above what runs", [](FakeAmd& f, Policy&) { f.report[0x08] = 56; }, {SnpAbi}},
      {"multi-threading",
       [](FakeAmd&, Policy& p) { p.snp.smt = BitRule::Clear; },
       {SnpGuestPolicy}},
      {"single socket",
       [](FakeAmd&, Policy& p) { p.snp.single_socket = BitRule::Set; },
       {SnpGuestPolicy}},
      {"CXL devices that the host allowed",
       [](FakeAmd& f, Policy& p) {
         f.report[0x0A] |= 0x20U;
         p.snp.cxl = BitRule::Clear;
       },
       {SnpGuestPolicy}},
      {"AES-256-XTS",
       [](FakeAmd&, Policy& p) { p.snp.aes_256_xts = BitRule::Set; },
       {SnpGuestPolicy}},
      {"RAPL", [](FakeAmd&, Policy& p) { p.snp.rapl_disabled = BitRule::Set; }, {SnpGuestPolicy}},
      {"ciphertext hiding",
       [](FakeAmd&, Policy& p) { p.snp.ciphertext_hiding = BitRule::Set; },
       {SnpGuestPolicy}},
      {"page swap",
       [](FakeAmd&, Policy& p) { p.snp.page_swap_disabled = BitRule::Set; },
       {SnpGuestPolicy}},
      {"all that takes something from the host, as asked for",
       [](FakeAmd& f, Policy& p) {
         f.report[0x0A] |= 0xC0U;
         f.report[0x0B] |= 3U;
         p.snp.cxl = BitRule::Clear;
         p.snp.aes_256_xts = p.snp.rapl_disabled = BitRule::Set;
         p.snp.ciphertext_hiding = p.snp.page_swap_disabled = BitRule::Set;
       },
       {}},
      {"TSME", [](FakeAmd&, Policy& p) { p.snp.platform[1] = BitRule::Set; }, {SnpPlatform}},
      {"ECC", [](FakeAmd&, Policy& p) { p.snp.platform[2] = BitRule::Clear; }, {SnpPlatform}},
      {"mitigations",
       [](FakeAmd& f, Policy& p) {
         f.report[0] = 5;
         put(f.report, 0x1F8, 1, 8);
         put(f.report, 0x200, 3, 8);
         p.snp.launch_mitigations = 2;
       },
       {SnpMitigations}},
      {"mitigations of now, which were there at launch",
       [](FakeAmd& f, Policy& p) {
         f.report[0] = 5;
         put(f.report, 0x1F8, 3, 8);
         put(f.report, 0x200, 1, 8);
         p.snp.current_mitigations = 2;
       },
       {SnpMitigations}},
      {"mitigations as asked",
       [](FakeAmd& f, Policy& p) {
         f.report[0] = 5;
         put(f.report, 0x1F8, 3, 8);
         put(f.report, 0x200, 7, 8);
         p.snp.launch_mitigations = 2;
         p.snp.current_mitigations = 4;
       },
       {}},
      {"mitigations of an older report",
       [](FakeAmd&, Policy& p) { p.snp.current_mitigations = 1; },
       {SnpMitigations}},
      {"guest version", [](FakeAmd&, Policy& p) { p.snp.min_guest_svn = 3; }, {SnpGuestSvn}},
      {"id key",
       [](FakeAmd&, Policy& p) {
         p.snp.id_key = Accept<snp::IdKeyDigest>({filled<snp::IdKeyDigest>(1)});
       },
       {SnpIdKey}},
      {"id key refused",
       [](FakeAmd&, Policy& p) { p.snp.refused_id_key = {snp::IdKeyDigest{}}; },
       {SnpIdKey}},
      {"author key",
       [](FakeAmd& f, Policy& p) {
         f.report[0x48] = 1;
         p.snp.author_key = Accept<snp::AuthorKeyDigest>({filled<snp::AuthorKeyDigest>(1)});
       },
       {SnpAuthorKey}},
      {"author key wanted, none there",
       [](FakeAmd&, Policy& p) {
         p.snp.author_key = Accept<snp::AuthorKeyDigest>({filled<snp::AuthorKeyDigest>(1)});
       },
       {SnpAuthorKey}},
      {"author key of zeros", [](FakeAmd& f, Policy&) { f.report[0x48] = 1; }, {SnpAuthorKey}},
      {"author key that nobody named",
       [](FakeAmd& f, Policy&) {
         f.report[0x48] = 1;
         f.report[0x110] = 1;
       },
       {SnpAuthorKey}},
      {"id key that nobody named", [](FakeAmd& f, Policy&) { f.report[0xE0] = 1; }, {SnpIdKey}},
      {"any keys",
       [](FakeAmd& f, Policy& p) {
         f.report[0x48] = 1;
         f.report[0x110] = f.report[0xE0] = 1;
         p.snp.author_key = {};
         p.snp.id_key = {};
       },
       {}},
      {"id key under an author key that is named",
       [](FakeAmd& f, Policy& p) {
         f.report[0x48] = 1;
         std::fill_n(f.report.begin() + 0x110, 48, std::uint8_t{1});
         f.report[0xE0] = 1;
         p.snp.author_key = Accept<snp::AuthorKeyDigest>({filled<snp::AuthorKeyDigest>(1)});
       },
       {}},
      {"host data that nobody named",
       [](FakeAmd& f, Policy&) { f.report[0xC0] = 1; },
       {SnpHostData}},
      {"host data, any",
       [](FakeAmd& f, Policy& p) {
         f.report[0xC0] = 1;
         p.snp.host_data = {};
       },
       {}},
      {"chip that nobody named",
       [](FakeAmd&, Policy& p) { p.snp.chip_id = Accept<snp::ChipId>({filled<snp::ChipId>(1)}); },
       {SnpKnownChip}},
      {"chip that is named",
       [](FakeAmd&, Policy& p) {
         p.snp.chip_id = Accept<snp::ChipId>({filled<snp::ChipId>(0xC1)});
       },
       {}},
      {"firmware of a bulletin",
       [](FakeAmd& f, Policy&) {
         f.report[0x186] = 28;
         f.endorsed.tcb.snp = 28;
       },
       {SnpBulletins}},
      {"launched on firmware of a bulletin",
       [](FakeAmd& f, Policy&) { f.report[0x1F6] = 28; },
       {SnpBulletins}},
      {"host data",
       [](FakeAmd&, Policy& p) {
         p.snp.host_data = Accept<snp::HostData>({filled<snp::HostData>(1)});
       },
       {SnpHostData}},
      {"family", [](FakeAmd&, Policy& p) { p.snp.family_id = filled<snp::FamilyId>(1); }, {SnpIds}},
      {"image", [](FakeAmd&, Policy& p) { p.snp.image_id = filled<snp::ImageId>(1); }, {SnpIds}},
      {"measurement",
       [](FakeAmd&, Policy& p) {
         p.snp.measurement = Accept<snp::LaunchDigest>({filled<snp::LaunchDigest>(1)});
       },
       {SnpMeasurement}},
      {"measurement refused",
       [](FakeAmd&, Policy& p) { p.snp.refused_measurement = {snp::LaunchDigest{}}; },
       {SnpMeasurement}},
      {"only the list of VLEKs",
       [](FakeAmd& f, Policy&) {
         f.no_second_list = false;
         f.no_list = true;
       },
       {SnpCaRevocation}},
      {"a fresh list of VLEKs beside a stale one",
       [](FakeAmd& f, Policy&) {
         f.no_second_list = false;
         f.list.next_update = f.list.this_update;
       },
       {SnpCaRevocation}},
      {"ASK revoked by the list of VLEKs",
       [](FakeAmd& f, Policy&) {
         f.no_second_list = false;
         f.second_list.serials = {f.ca.serial};
       },
       {SnpCaRevocation}},
  };
  return faults;
}

const std::vector<Fault<FakeAmd>>& vlek_faults() {
  static const std::vector<Fault<FakeAmd>> faults{
      {"nothing", [](FakeAmd&, Policy&) {}, {}},
      {"VLEK revoked", [](FakeAmd& f, Policy&) { f.list.serials = {77}; }, {SnpLeafRevocation}},
      {"VLEK under an ASK",
       [](FakeAmd& f, Policy&) { f.ca.subject = f.leaf.issuer = "SEV-Milan"; },
       {SnpForm}},
      {"VLEK revoked by the other list",
       [](FakeAmd& f, Policy&) { f.second_list.serials = {77}; },
       {SnpLeafRevocation}},
      {"one list alone", [](FakeAmd& f, Policy&) { f.no_second_list = true; }, {SnpLeafRevocation}},
      {"one list twice", [](FakeAmd& f, Policy&) { f.second_list = f.list; }, {SnpLeafRevocation}},
      {"two editions of one list",
       [](FakeAmd& f, Policy&) { f.second_list_name = "ark-Milan.crl"; },
       {SnpLeafRevocation}},
      {"two editions of one list, and the other might be missing",
       [](FakeAmd& f, Policy& p) {
         f.second_list_name = "ark-Milan.crl";
         p.revocation = RevocationRule::IfPresent;
       },
       {}},
      {"only the list of VLEKs",
       [](FakeAmd& f, Policy&) { f.no_list = true; },
       {SnpLeafRevocation}},
      {"the other list is stale",
       [](FakeAmd& f, Policy&) { f.second_list.next_update = f.second_list.this_update; },
       {SnpLeafRevocation}},
      {"one list alone, allowed",
       [](FakeAmd& f, Policy& p) {
         f.no_second_list = true;
         p.revocation = RevocationRule::IfPresent;
       },
       {}},
      {"the other list is stale, and might be missing",
       [](FakeAmd& f, Policy& p) {
         f.second_list.next_update = f.second_list.this_update;
         p.revocation = RevocationRule::IfPresent;
       },
       {SnpLeafRevocation}},
      {"the other list is too old, and might be missing",
       [](FakeAmd& f, Policy& p) {
         f.second_list.this_update = {test_now.seconds - 100 * codec::seconds_per_day};
         p.revocation = RevocationRule::IfPresent;
         p.max_age.list = std::chrono::hours(24 * 50);
       },
       {SnpLeafRevocation}},
      {"the other list is not signed by the root, and might be missing",
       [](FakeAmd& f, Policy& p) {
         f.stranger_signs_second_list = true;
         p.revocation = RevocationRule::IfPresent;
       },
       {SnpLeafRevocation}},
      {"chip list under a VLEK, which names none",
       [](FakeAmd&, Policy& p) { p.snp.chip_id = Accept<snp::ChipId>({snp::ChipId{}}); },
       {SnpKnownChip}},
      {"another provider",
       [](FakeAmd&, Policy& p) { p.snp.provider = Accept<std::string>({"other.example"}); },
       {SnpLeafKind}},
      {"that provider",
       [](FakeAmd&, Policy& p) { p.snp.provider = Accept<std::string>({"cloud.example"}); },
       {}},
      {"that provider with CN=, as genuine VLEKs have it",
       [](FakeAmd& f, Policy& p) {
         f.endorsed.csp_id = "CN=cloud.example";
         p.snp.provider = Accept<std::string>({"cloud.example"});
       },
       {}},
      {"that provider, written with CN=",
       [](FakeAmd& f, Policy& p) {
         f.endorsed.csp_id = "CN=cloud.example";
         p.snp.provider = Accept<std::string>({"CN=cloud.example"});
       },
       {}},
      {"the beginning of a provider",
       [](FakeAmd&, Policy& p) { p.snp.provider = Accept<std::string>({"cloud"}); },
       {SnpLeafKind}},
      {"no provider", [](FakeAmd& f, Policy&) { f.endorsed.csp_id.reset(); }, {SnpLeafKind}},
      {"names a chip",
       [](FakeAmd& f, Policy&) { f.endorsed.hwid = Bytes(64, 1); },
       {SnpLeafKind, SnpChip}},
      {"signed by a VCEK, it says",
       [](FakeAmd& f, Policy&) { f.report[0x48] = 0; },
       {SnpLeafKind, SnpChip}},
  };
  return faults;
}

}  // namespace merlon::verify::testing
