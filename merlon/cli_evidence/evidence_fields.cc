// Evidence, field by field, in the order of its bytes.

#include "merlon/cli_evidence/field_text.h"
#include "merlon/codec/pem.h"
#include "merlon/verify/policy.h"

namespace merlon::cli_evidence {

using base::concat;

namespace {

FieldGroup quote_fields(const sgx::Quote& quote) {
  Fields fields("Quote");
  fields.add("version", concat(quote.version), "format of the quote");
  fields.add("QE SVN", concat(quote.qe_svn), "version of the quoting enclave, as the header says");
  fields.add("PCE SVN", concat(quote.pce_svn),
             "version of the enclave that certifies it, as the header says");
  fields.add("user data", base::hex(quote.user_data),
             "first 16 bytes: which quoting enclave of which machine");
  fields.add("attestation key", hex_of(quote.attestation_key),
             "x and y on P-256: what signs header and body");
  fields.add("signature", hex_of(quote.signature), "r and s over header and body");
  const sgx::ReportBody& qe = quote.qe_report;
  fields.add("QE CPUSVN", hex_of(qe.cpu_svn), "versions of the processor's parts, opaque");
  fields.add("QE MISCSELECT", bits(qe.misc_select), "which extra state an exit of it saves");
  fields.add("QE ATTRIBUTES", hex_of(qe.attributes()), "flags and XFRM of the quoting enclave");
  fields.add("QE MRSIGNER", hex_of(qe.mr_signer), "who signed the quoting enclave");
  fields.add("QE MRENCLAVE", hex_of(qe.mr_enclave), "which quoting enclave");
  fields.add("QE ISVPRODID", concat(qe.product_id), "1 for SGX, 2 for TDX");
  fields.add("QE ISVSVN", concat(qe.svn), "its version, as the processor says");
  fields.add("QE debug", yes(qe.is_debug()), "a debug quoting enclave proves nothing");
  fields.add("QE report data", hex_of(qe.report_data), "hash of key and authentication data");
  fields.add("QE authentication data", base::hex(quote.qe_authentication),
             "bound together with the key");
  fields.add("padding", concat(quote.padding), "zero bytes behind the quote");
  return std::move(fields).group();
}

FieldGroup enclave_fields(const sgx::ReportBody& report) {
  return {"SGX report",
          {{"CPUSVN", hex_of(report.cpu_svn), "versions of the processor's parts, opaque"},
           {"MISCSELECT", bits(report.misc_select), "which extra state an exit saves"},
           {"ATTRIBUTES", bits(report.flags), "bit 1 DEBUG, 2 64-bit, 4 provisioning key, 7 KSS"},
           {"XFRM", bits(report.xfrm), "which processor state the enclave may use"},
           {"debug", yes(report.is_debug()), "if yes, the host can read the enclave"},
           {"MRENCLAVE", hex_of(report.mr_enclave), "hash of the enclave as it was loaded"},
           {"MRSIGNER", hex_of(report.mr_signer), "hash of the key that signed it"},
           {"ISVPRODID", concat(report.product_id), "which of the signer's products"},
           {"ISVSVN", concat(report.svn), "its security version"},
           {"ISVEXTPRODID", hex_of(report.ext_product_id), "KSS: extended product id"},
           {"ISVFAMILYID", hex_of(report.family_id), "KSS: family of products"},
           {"CONFIGID", hex_of(report.config_id), "KSS: configuration at launch"},
           {"CONFIGSVN", concat(report.config_svn), "KSS: version of the configuration"},
           {"REPORTDATA", hex_of(report.report_data), "64 bytes of the enclave's own choice"}}};
}

FieldGroup domain_fields(const tdx::TdReport& report) {
  FieldGroup group{
      "TDX report",
      {{"TEE_TCB_SVN", hex_of(report.tee_tcb_svn), "versions of the TDX module and its loader"},
       {"MRSEAM", hex_of(report.mr_seam), "hash of the TDX module"},
       {"MRSIGNERSEAM", hex_of(report.mr_signer_seam), "its signer; zero for Intel"},
       {"SEAMATTRIBUTES", hex_of(report.seam_attributes), "attributes of the module; zero"},
       {"TDATTRIBUTES", bits(report.attributes),
        "bit 0 DEBUG, 28 SEPT_VE_DISABLE, 29 MIGRATABLE, 30 PKS"},
       {"debug", yes(report.is_debug()), "if yes, the host can read the domain"},
       {"XFAM", bits(report.xfam), "which processor state the domain may use"},
       {"MRTD", hex_of(report.mr_td), "hash of the domain as it was built"},
       {"MRCONFIGID", hex_of(report.mr_config_id), "configuration, declared by the owner"},
       {"MROWNER", hex_of(report.mr_owner), "owner, declared"},
       {"MROWNERCONFIG", hex_of(report.mr_owner_config), "owner's configuration, declared"}}};
  for (std::size_t i = 0; i < report.rt_mr.size(); ++i) {
    group.fields.push_back({concat("RTMR", i), hex_of(report.rt_mr[i]), "extended at run time"});
  }
  group.fields.push_back(
      {"REPORTDATA", hex_of(report.report_data), "64 bytes of the domain's choice"});
  if (report.tee_tcb_svn2) {
    group.fields.push_back(
        {"TEE_TCB_SVN2", hex_of(*report.tee_tcb_svn2), "of the module that runs now"});
  }
  if (report.mr_service_td) {
    group.fields.push_back({"MRSERVICETD", hex_of(*report.mr_service_td), "bound service domains"});
  }
  return group;
}

std::string firmware(const snp::FirmwareVersion& version) {
  return concat(unsigned{version.major}, ".", unsigned{version.minor}, ".",
                unsigned{version.build});
}

/// With its components where the report says which layout they have: from version 3 on.
std::string tcb(const snp::Report& report, const snp::TcbVersion& version) {
  const auto product = report.cpuid
                           ? snp::product_of_cpuid(report.cpuid->family, report.cpuid->model)
                           : std::nullopt;
  if (!product) return hex_of(version);
  return concat(hex_of(version), ": ", patch_levels(snp::components(version, *product), *product));
}

std::string platform(const snp::Report& report) {
  std::string names;
  for (const snp::PlatformBit bit : snp::all_platform_bits) {
    if (report.has(bit)) names += concat(names.empty() ? "" : ", ", to_string(bit));
  }
  return concat(bits(report.platform_info), names.empty() ? "" : ": ", names);
}

std::string policy(const snp::GuestPolicy& policy) {
  std::string text = concat(bits(policy.bits), ": ABI ", unsigned{policy.abi_major()}, ".",
                            unsigned{policy.abi_minor()});
  if (policy.migration_agent()) text += ", migration agent";
  if (policy.debug()) text += ", debug";
  for (const verify::GuestBit& each : verify::guest_bits) {
    if (policy.has(each.bit)) text += concat(", ", each.text);
  }
  return text;
}

FieldGroup guest_fields(const snp::Report& report) {
  Fields fields("SEV-SNP report");
  fields.add("VERSION", concat(report.version), "format of the report");
  fields.add("GUEST_SVN", concat(report.guest_svn), "security version of the guest");
  fields.add("POLICY", policy(report.policy),
             "what the guest asked for: least ABI, and what is allowed");
  fields.add("debug", yes(report.policy.debug()), "if yes, the host can read the guest");
  fields.add("FAMILY_ID", hex_of(report.family_id), "family, from the id block");
  fields.add("IMAGE_ID", hex_of(report.image_id), "image, from the id block");
  fields.add("VMPL", report.vmpl == snp::host_vmpl ? "host" : concat(report.vmpl),
             "privilege level that asked");
  fields.add("SIGNATURE_ALGO", concat(report.signature_algorithm), "1: ECDSA P-384 with SHA-384");
  fields.add("CURRENT_TCB", tcb(report, report.current_tcb), "firmware that runs");
  fields.add("PLATFORM_INFO", platform(report), "what the platform has on, as policies name it");
  fields.add("AUTHOR_KEY_EN", yes(report.author_key_enabled),
             "whether an author key signed the id key");
  fields.add("MASK_CHIP_KEY", yes(report.chip_key_masked), "whether the chip's identity is hidden");
  fields.add("SIGNING_KEY", std::string(to_string(report.signing_key)),
             "VCEK: this chip, VLEK: this provider");
  fields.add("REPORT_DATA", hex_of(report.report_data), "64 bytes of the guest's choice");
  fields.add("MEASUREMENT", hex_of(report.measurement), "hash of the guest as it was launched");
  fields.add("HOST_DATA", hex_of(report.host_data), "32 bytes of the host's choice");
  fields.add("ID_KEY_DIGEST", hex_of(report.id_key_digest), "who signed the id block");
  fields.add("AUTHOR_KEY_DIGEST", hex_of(report.author_key_digest), "who vouches for the id key");
  fields.add("REPORT_ID", hex_of(report.report_id), "names this guest while it lives");
  fields.add("REPORT_ID_MA", hex_of(report.report_id_ma), "its migration agent; all ones for none");
  fields.add("REPORTED_TCB", tcb(report, report.reported_tcb),
             "what the signing key is derived from");
  if (report.cpuid) {
    fields.add(
        "CPUID",
        concat("family ", unsigned{report.cpuid->family}, ", model ", unsigned{report.cpuid->model},
               ", stepping ", unsigned{report.cpuid->stepping}),
        "which processor");
  }
  fields.add("CHIP_ID", hex_of(report.chip_id), "which chip; zero if masked or signed by a VLEK");
  fields.add("COMMITTED_TCB", tcb(report, report.committed_tcb),
             "firmware that cannot be rolled back");
  fields.add("CURRENT", firmware(report.current), "version of the firmware that runs");
  fields.add("COMMITTED", firmware(report.committed), "version that cannot be rolled back");
  fields.add("LAUNCH_TCB", tcb(report, report.launch_tcb), "firmware when the guest was launched");
  if (report.launch_mitigations) {
    fields.add("LAUNCH_MIT_VECTOR", bits(*report.launch_mitigations), "mitigations at launch");
    fields.add("CURRENT_MIT_VECTOR", bits(report.current_mitigations.value_or(0)),
               "mitigations now");
  }
  fields.add("SIGNATURE", hex_of(report.signature), "r and s");
  return std::move(fields).group();
}

void add_chain(std::vector<FieldGroup>& groups, const sgx::Quote& quote) {
  const auto blocks = codec::pem_blocks(core::as_text(quote.pck_chain));
  if (!blocks) return;
  for (const codec::PemBlock& block : *blocks) {
    if (const auto certificate = x509::Certificate::parse(block.bytes)) {
      groups.push_back(certificate_fields(*certificate));
    }
  }
}

struct Groups {
  std::vector<FieldGroup> operator()(const evidence::KvmEvidence&) const {
    return {{"KVM", {{"evidence", "none", "a KVM keep proves nothing"}}}};
  }
  std::vector<FieldGroup> operator()(const evidence::SgxEvidence& e) const {
    std::vector<FieldGroup> groups{quote_fields(e.quote), enclave_fields(e.report)};
    add_chain(groups, e.quote);
    return groups;
  }
  std::vector<FieldGroup> operator()(const evidence::TdxEvidence& e) const {
    std::vector<FieldGroup> groups{quote_fields(e.quote), domain_fields(e.report)};
    add_chain(groups, e.quote);
    return groups;
  }
  std::vector<FieldGroup> operator()(const evidence::SnpEvidence& e) const {
    return {guest_fields(e.report)};
  }
};

}  // namespace

std::vector<FieldGroup> fields_of(const evidence::Evidence& evidence) {
  std::vector<FieldGroup> groups = std::visit(Groups{}, evidence.report);
  if (evidence.key) {
    groups.push_back(
        {"Certification request",
         {{"key", base::hex(evidence.key->spki), "SubjectPublicKeyInfo"},
          {"proven", yes(evidence.key->proven), "whether that key signed the request"}}});
  }
  for (FieldGroup& group : fields_of(evidence.endorsements)) groups.push_back(std::move(group));
  return groups;
}

}  // namespace merlon::cli_evidence
