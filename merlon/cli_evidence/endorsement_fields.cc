// What vouches for evidence, field by field.

#include "merlon/cli_evidence/field_text.h"
#include "merlon/evidence/attestation_result.h"
#include "merlon/sgx/enclave_identity.h"
#include "merlon/sgx/pck_extension.h"
#include "merlon/sgx/signed_json.h"
#include "merlon/snp/endorsement.h"
#include "merlon/x509/crl.h"
#include "merlon/x509/name.h"

namespace merlon::cli_evidence {

using base::concat;

std::string patch_levels(const snp::TcbComponents& tcb, snp::Product product) {
  const std::string fmc =
      product == snp::Product::Turin ? concat("FMC ", unsigned{tcb.fmc}, ", ") : "";
  return concat(fmc, "bootloader ", unsigned{tcb.bootloader}, ", TEE ", unsigned{tcb.tee}, ", SNP ",
                unsigned{tcb.snp}, ", microcode ", unsigned{tcb.microcode});
}

namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += concat(text.empty() ? "" : ", ", base::printable(word, 40));
  }
  return text;
}

std::string key_kind(crypto::KeyKind kind) {
  switch (kind) {
    case crypto::KeyKind::P256: return "EC P-256";
    case crypto::KeyKind::P384: return "EC P-384";
    case crypto::KeyKind::Rsa: return "RSA";
  }
  return "unknown";
}

std::string usage(const x509::Certificate& certificate) {
  std::string text;
  for (const auto& [bit, name] : {std::pair{x509::KeyUsage::DigitalSignature, "sign data"},
                                  std::pair{x509::KeyUsage::KeyCertSign, "sign certificates"},
                                  std::pair{x509::KeyUsage::CrlSign, "sign revocation lists"}}) {
    if (certificate.may(bit)) text += concat(text.empty() ? "" : ", ", name);
  }
  if (!certificate.has_key_usage()) return "not told";
  return text.empty() ? "none of these" : text;
}

void add_pck(Fields& fields, const sgx::PckExtension& pck) {
  fields.add("FMSPC", hex_of(pck.fmspc), "kind of platform");
  fields.add("PCEID", hex_of(pck.pce_id), "which PCE");
  fields.add("PPID", hex_of(pck.ppid), "which platform");
  fields.add("TCB components", svns(pck.components), "security versions of its 16 parts");
  fields.add("PCESVN", concat(pck.pce_svn), "version of the PCE");
  fields.add("CPUSVN", hex_of(pck.cpu_svn), "the same parts as the processor names them, opaque");
  fields.add("SGX type", concat(unsigned{pck.sgx_type}),
             "0 standard, 1 scalable, 2 scalable with integrity");
  if (pck.platform_instance) {
    fields.add("platform instance", hex_of(*pck.platform_instance), "which set of processors");
  }
  const auto flag = [&](const char* name, std::optional<bool> value, std::string_view meaning) {
    if (value) fields.add(name, yes(*value), meaning);
  };
  flag("dynamic platform", pck.dynamic_platform, "processors may be added");
  flag("cached keys", pck.cached_keys, "Intel keeps the platform's root keys");
  flag("SMT enabled", pck.smt_enabled, "multi-threading was on at registration");
}

void add_endorsed(Fields& fields, const snp::EndorsementExtensions& endorsed) {
  fields.add("product", endorsed.product_name, "generation of processors");
  fields.add("patch levels",
             patch_levels(endorsed.tcb, endorsed.product.value_or(snp::Product::Milan)),
             "TCB that the key stands for");
  if (endorsed.hwid) fields.add("HWID", base::hex(*endorsed.hwid), "which chip");
  if (endorsed.csp_id) fields.add("CSP_ID", *endorsed.csp_id, "which provider");
}

std::string names_text(const x509::Certificate& certificate) {
  const auto* found = x509::find_extension(certificate.extensions(), x509::oid::subject_alt_name);
  if (found == nullptr) return {};
  const auto names = x509::SubjectAltNames::parse(found->value);
  if (!names) return "cannot be read";
  std::string text = joined(names->dns);
  if (names->others > 0) {
    text += concat(text.empty() ? "" : ", ", names->others, " of another form");
  }
  return text;
}

std::string vector_text(const evidence::TrustVector& vector) {
  std::string text;
  for (const auto& [name, claim] :
       {std::pair{"executables", vector.executables}, std::pair{"hardware", vector.hardware},
        std::pair{"memory", vector.memory}}) {
    if (claim != 0) text += concat(text.empty() ? "" : ", ", name, " ", unsigned{claim});
  }
  return text.empty() ? "none" : text;
}

}  // namespace

std::optional<FieldGroup> result_fields(const x509::Certificate& certificate) {
  const auto found = evidence::attestation_result_of(certificate);
  if (!found) return std::nullopt;
  Fields fields("Attestation result inside this certificate");
  if (!*found) {
    fields.add("result", concat("cannot be read: ", found->error().what),
               "an attestation result of another form");
    return std::move(fields).group();
  }
  const evidence::AttestationResult& result = **found;
  fields.add("status", std::string(to_string(result.status)),
             "affirming, warning, or contraindicated: it proves nothing");
  if (result.simulator) {
    fields.add("SIMULATOR", "yes", "there is no hardware behind this keep: it proves nothing");
  }
  fields.add("technology", std::string(to_string(result.technology)),
             "what runs the keep; KVM: no hardware vouches for it");
  fields.add("measurement",
             result.measurement.empty() ? std::string("none") : base::hex(result.measurement),
             "what runs: MRENCLAVE, MRTD or MEASUREMENT");
  if (result.workload) {
    fields.add("tenant key", concat("sha256 ", base::hex(result.workload->tenant.view())),
               "who sealed the workload to this keep");
    fields.add("workload", concat("sha256 ", base::hex(result.workload->module.view())),
               "the module that it runs");
    fields.add("configuration", concat("sha256 ", base::hex(result.workload->configuration.view())),
               "of the launch message with which it was delivered");
  }
  for (const evidence::WorkloadSigner& each : result.signers) {
    fields.add(each.role, base::hex(each.digest), "who signed what runs");
  }
  if (!result.tcb_status.empty()) {
    fields.add("TCB status", result.tcb_status, "Intel's word for the platform");
  }
  fields.add("debug", yes(result.debug), "whether a debugger can read the keep");
  fields.add("trust vector", vector_text(result.vector), "claims by their numbers [AR4SI]");
  fields.add("policy", hex_of(result.policy), "SHA-256 of the verifier's policy file");
  fields.add("evidence", hex_of(result.evidence), "SHA-256 of what the keep handed over");
  fields.add("judged", codec::to_rfc3339(result.issued), "when");
  fields.add("verifier", result.build, "the program that judged, by its own word");
  for (std::size_t i = 0; i < result.remarks.size(); ++i) {
    fields.add(concat("remark ", i + 1), result.remarks[i], "the verifier's");
  }
  fields.add("to be believed", "if the signature of this certificate holds",
             "which is not checked here: it is the issuer who says all this");
  return std::move(fields).group();
}

FieldGroup certificate_fields(const x509::Certificate& certificate) {
  Fields fields(concat("Certificate ", base::printable(certificate.common_name(), 64)));
  fields.add("subject", x509::name_text(certificate.subject()), "whose key");
  fields.add("issuer", x509::name_text(certificate.issuer()), "who signed");
  fields.add("serial", base::hex(certificate.serial()), "what a revocation list would name");
  fields.add("from", codec::to_rfc3339(certificate.validity().not_before), "first second");
  fields.add("until", codec::to_rfc3339(certificate.validity().not_after), "last second");
  fields.add("signature", std::string(to_string(certificate.signature().algorithm)),
             "how it is signed");
  fields.add("key", key_kind(certificate.key().key.kind()), "what it is about");
  fields.add("key's SHA-256", hex_of(crypto::sha256({certificate.key().spki})),
             "of the SubjectPublicKeyInfo, as roots are pinned");
  const auto& constraints = certificate.basic_constraints();
  fields.add("CA", yes(constraints && constraints->ca), "whether it may be an issuer");
  if (constraints && constraints->path_length) {
    fields.add("path length", concat(*constraints->path_length), "how many CAs may be below it");
  }
  fields.add("key usage", usage(certificate), "what the key may do");
  const std::string names = names_text(certificate);
  if (!names.empty()) fields.add("names", names, "of hosts for which the key speaks");
  if (const auto* extension =
          x509::find_extension(certificate.extensions(), sgx::pck_extension_oid)) {
    if (const auto pck = sgx::PckExtension::parse(extension->value)) add_pck(fields, *pck);
  }
  std::vector<snp::ExtensionView> views;
  for (const auto& each : certificate.extensions()) views.push_back({each.oid, each.value});
  if (const auto endorsed = snp::EndorsementExtensions::parse(views)) {
    add_endorsed(fields, *endorsed);
  }
  return std::move(fields).group();
}

namespace {

FieldGroup list_fields(const x509::Crl& list) {
  Fields fields(concat("Revocation list of ", x509::name_text(list.issuer())));
  fields.add("from", codec::to_rfc3339(list.validity().not_before), "thisUpdate");
  fields.add("until", codec::to_rfc3339(list.validity().not_after), "nextUpdate");
  fields.add("number", base::hex(list.number()), "counts up with each list");
  fields.add("signature", std::string(to_string(list.signature().algorithm)), "how it is signed");
  fields.add("revoked", concat(list.size()), "certificates on it");
  std::string serials;
  for (const core::ByteView serial : list.serials()) {
    serials += concat(serials.empty() ? "" : " ", base::hex(serial));
  }
  if (!serials.empty()) fields.add("serials", std::move(serials), "which ones");
  return std::move(fields).group();
}

void add_level(Fields& fields, const std::string& name, const sgx::TcbLevel& level) {
  std::string text = concat(to_string(level.status), " of ", codec::to_rfc3339(level.date), ": ",
                            svns(level.sgx), ", PCE ", level.pce_svn);
  if (level.tdx) text += concat(", TDX ", svns(*level.tdx));
  if (!level.advisories.empty()) text += concat("; ", joined(level.advisories));
  fields.add(name, std::move(text), "reached with these versions and above; best first");
}

void add_level(Fields& fields, const std::string& name, const sgx::IsvLevel& level) {
  std::string text = concat(to_string(level.status), " of ", codec::to_rfc3339(level.date),
                            ": version ", level.svn);
  if (!level.advisories.empty()) text += concat("; ", joined(level.advisories));
  fields.add(name, std::move(text), "reached with this version and above; best first");
}

template <typename Levels>
void add_levels(Fields& fields, std::string_view what, const Levels& levels) {
  for (std::size_t i = 0; i < levels.size(); ++i) {
    add_level(fields, concat(what, " ", i + 1), levels[i]);
  }
}

void add_module(Fields& fields, const sgx::TdxModuleIdentity& module) {
  const std::string name =
      module.id.empty() ? std::string("TDX module") : base::printable(module.id, 40);
  fields.add(name + " signer", hex_of(module.mr_signer), "MRSIGNERSEAM must be this");
  fields.add(name + " attributes",
             concat(hex_of(module.attributes), " under mask ", hex_of(module.attributes_mask)),
             "SEAMATTRIBUTES must be this");
  add_levels(fields, name + " level", module.levels);
}

void add_period(Fields& fields, const sgx::IssuePeriod& period, std::uint32_t evaluation) {
  fields.add("issued", codec::to_rfc3339(period.issued), "issueDate");
  fields.add("next", codec::to_rfc3339(period.next_update),
             "nextUpdate, the first second too late");
  fields.add("evaluation", concat(evaluation), "tcbEvaluationDataNumber");
}

Fields tcb_info_fields(const sgx::TcbInfo& info) {
  Fields fields(concat(info.is_tdx ? "TDX" : "SGX", " TCB info for FMSPC ", hex_of(info.fmspc)));
  fields.add("version", concat(info.version), "format");
  add_period(fields, info.period, info.evaluation_number);
  fields.add("FMSPC", hex_of(info.fmspc), "kind of platform");
  fields.add("PCEID", hex_of(info.pce_id), "which PCE");
  fields.add("tcbType", concat(info.tcb_type), "how components are compared");
  if (info.module) add_module(fields, *info.module);
  for (const sgx::TdxModuleIdentity& module : info.modules) add_module(fields, module);
  add_levels(fields, "level", info.levels);
  return fields;
}

Fields identity_fields(const sgx::EnclaveIdentity& identity) {
  Fields fields(concat("Identity of the ", to_string(identity.id)));
  fields.add("version", concat(identity.version), "format");
  add_period(fields, identity.period, identity.evaluation_number);
  const auto masked = [](const auto& value, const auto& mask) {
    return concat(hex_of(value), " under mask ", hex_of(mask));
  };
  fields.add("MISCSELECT", masked(identity.misc_select, identity.misc_select_mask), "must be this");
  fields.add("ATTRIBUTES", masked(identity.attributes, identity.attributes_mask), "must be this");
  fields.add("MRSIGNER", hex_of(identity.mr_signer), "who signs such enclaves");
  fields.add("ISVPRODID", concat(identity.product_id), "which product");
  add_levels(fields, "level", identity.levels);
  return fields;
}

FieldGroup document_fields(const std::string& text) {
  Fields fields("Document of Intel's");
  const auto json = sgx::SignedJson::parse(text);
  if (!json) return std::move(fields).group();
  if (const auto info = sgx::TcbInfo::parse(json->body)) {
    fields = tcb_info_fields(*info);
  } else if (const auto identity = sgx::EnclaveIdentity::parse(json->body)) {
    fields = identity_fields(*identity);
  }
  fields.add("signature", hex_of(json->signature), "r and s over the object as it came");
  return std::move(fields).group();
}

}  // namespace

std::vector<FieldGroup> fields_of(const evidence::Endorsements& endorsements) {
  std::vector<FieldGroup> groups;
  for (const auto& der : endorsements.certificates) {
    if (const auto certificate = x509::Certificate::parse(der)) {
      groups.push_back(certificate_fields(*certificate));
      if (auto result = result_fields(*certificate)) groups.push_back(*std::move(result));
    }
  }
  for (const auto& der : endorsements.revocation_lists) {
    if (const auto list = x509::Crl::parse(der)) groups.push_back(list_fields(*list));
  }
  for (const auto& text : endorsements.documents) groups.push_back(document_fields(text));
  return groups;
}

}  // namespace merlon::cli_evidence
