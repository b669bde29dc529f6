#include "merlon/verify/workload.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/verify/text.h"

namespace merlon::verify {

using base::concat;

namespace {

void judge_bits(Judge& judge, Check check, std::uint64_t value,
                std::optional<std::uint64_t> allowed) {
  const std::uint64_t surplus = allowed ? value & ~*allowed : 0;
  judge.check(check, surplus == 0, allowed ? concat("within ", hex_number(*allowed)) : "any",
              hex_number(value));
}

template <typename T>
bool is_refused(const std::vector<T>& refused, const T& value) {
  return std::ranges::find(refused, value) != refused.end();
}

/// CONFIGID is chosen by whoever launches the enclave and is in no measurement, so one that nobody
/// named must be zero.
void judge_separation(Judge& judge, const sgx::ReportBody& report, const SgxPolicy& policy) {
  const bool zero_config = policy.config_id.contains(sgx::ConfigId{});
  const bool asked =
      policy.ext_product_id || policy.family_id || !zero_config || policy.min_config_svn > 0;
  const bool has_kss = (report.flags & sgx::attribute_kss) != 0;
  // Without KSS these fields are zero and say nothing, even if zero is what was asked for.
  const bool passed =
      policy.config_id.contains(report.config_id) &&
      (!asked ||
       (has_kss && matches(policy.ext_product_id, report.ext_product_id) &&
        matches(policy.family_id, report.family_id) && report.config_svn >= policy.min_config_svn));
  std::string wanted =
      concat(asked ? "KSS, " : "", "configuration id ", wanted_of(policy.config_id));
  if (policy.ext_product_id) wanted += ", extended product id " + hex_of(*policy.ext_product_id);
  if (policy.family_id) wanted += ", family id " + hex_of(*policy.family_id);
  if (policy.min_config_svn > 0) {
    wanted += concat(", configuration version at least ", policy.min_config_svn);
  }
  judge.check(
      Check::SgxKss, passed, wanted,
      concat(has_kss ? "KSS" : "no KSS", ", ", hex_of(report.ext_product_id), ", ",
             hex_of(report.family_id), ", ", hex_of(report.config_id), ", ", report.config_svn),
      policy.config_id.contains(report.config_id)
          ? ""
          : in_policy("sgx", "config_id", hex_of(report.config_id)));
}

}  // namespace

void judge_enclave(Judge& judge, const sgx::ReportBody& report, const SgxPolicy& policy) {
  judge.check(Check::SgxDebug, policy.debug || !report.is_debug(),
              policy.debug ? "any" : "not a debug enclave",
              report.is_debug() ? "a debug enclave" : "not a debug enclave");
  judge_bits(judge, Check::SgxAttributes, report.flags, policy.attributes);
  judge_bits(judge, Check::SgxXfrm, report.xfrm, policy.xfrm);
  judge_bits(judge, Check::SgxMiscSelect, report.misc_select,
             policy.misc_select ? std::optional<std::uint64_t>(*policy.misc_select) : std::nullopt);
  const bool refused = is_refused(policy.refused_mr_enclave, report.mr_enclave);
  judge.check(Check::MrEnclave, policy.mr_enclave.contains(report.mr_enclave) && !refused,
              wanted_of(policy.mr_enclave),
              concat(hex_of(report.mr_enclave), refused ? " (refused by name)" : ""));
  judge.check(Check::MrSigner, policy.mr_signer.contains(report.mr_signer),
              wanted_of(policy.mr_signer), hex_of(report.mr_signer));
  judge.check(Check::SgxProduct, matches(policy.product_id, report.product_id),
              policy.product_id ? concat(*policy.product_id) : "any", concat(report.product_id));
  judge.check(Check::SgxSvn, report.svn >= policy.min_svn, concat("at least ", policy.min_svn),
              concat(report.svn));
  judge_separation(judge, report, policy);
  judge.claim("MRENCLAVE", hex_of(report.mr_enclave));
  judge.claim("MRSIGNER", hex_of(report.mr_signer));
  judge.claim("ISVPRODID", concat(report.product_id));
  judge.claim("ISVSVN", concat(report.svn));
  judge.claim("debug", report.is_debug() ? "yes" : "no");
  judge.claim("attributes", hex_number(report.flags));
  judge.claim("XFRM", hex_number(report.xfrm));
  judge.claim("report data", hex_of(report.report_data));
}

namespace {

void judge_measurements(Judge& judge, const tdx::TdReport& report, const TdxPolicy& policy) {
  judge.check(Check::MrTd, policy.mr_td.contains(report.mr_td), wanted_of(policy.mr_td),
              hex_of(report.mr_td));
  bool passed = true;
  std::string wanted;
  std::string got;
  for (std::size_t i = 0; i < report.rt_mr.size(); ++i) {
    passed = passed && policy.rt_mr[i].contains(report.rt_mr[i]);
    wanted += concat(i == 0 ? "" : "; ", "RTMR", i, " ", wanted_of(policy.rt_mr[i]));
    got += concat(i == 0 ? "" : "; ", "RTMR", i, " ", hex_of(report.rt_mr[i]));
    judge.claim(concat("RTMR", i), hex_of(report.rt_mr[i]));
  }
  judge.check(Check::RtMr, passed, wanted, got);
  judge.check(Check::MrSeam, policy.mr_seam.contains(report.mr_seam), wanted_of(policy.mr_seam),
              hex_of(report.mr_seam));
}

void judge_attributes(Judge& judge, const tdx::TdReport& report, const TdxPolicy& policy) {
  const std::uint64_t allowed = policy.attributes.value_or(~tdx::attributes_reserved);
  const std::uint64_t surplus = report.attributes & ~allowed;
  const std::uint64_t missing = policy.required_attributes & ~report.attributes;
  std::string wanted = policy.attributes ? concat("within ", hex_number(*policy.attributes))
                                         : std::string("no reserved bit");
  if (policy.required_attributes != 0) {
    wanted += concat(", with ", hex_number(policy.required_attributes));
  }
  judge.check(Check::TdxAttributes, surplus == 0 && missing == 0, wanted,
              hex_number(report.attributes));
}

/// What whoever builds the domain declares and no measurement has; what nobody named must be zero.
void judge_declared(Judge& judge, const tdx::TdReport& report, const TdxPolicy& policy) {
  bool passed = true;
  std::string wanted;
  std::string got;
  std::string to_accept;
  const auto judge_one = [&](std::string_view name, std::string_view key, const auto& accept,
                             const auto& value) {
    const bool good = accept.contains(value);
    passed = passed && good;
    wanted += concat(wanted.empty() ? "" : "; ", name, " ", wanted_of(accept));
    got += concat(got.empty() ? "" : "; ", name, " ", hex_of(value));
    if (good) return;
    to_accept +=
        concat(to_accept.empty() ? "[tdx]" : "", "\n", key, " = [\"", hex_of(value), "\"]");
  };
  judge_one("MRCONFIGID", "mr_config_id", policy.mr_config_id, report.mr_config_id);
  judge_one("MROWNER", "mr_owner", policy.mr_owner, report.mr_owner);
  judge_one("MROWNERCONFIG", "mr_owner_config", policy.mr_owner_config, report.mr_owner_config);
  judge.check(Check::TdxOwner, passed, wanted, got, to_accept);
}

/// TDX 1.0 has no service domains.
void judge_service(Judge& judge, const tdx::TdReport& report, const TdxPolicy& policy) {
  const auto value = report.mr_service_td.value_or(tdx::MrServiceTd{});
  const std::string text = hex_of(value);
  const bool passed = policy.mr_service_td.contains(value);
  judge.check(Check::MrServiceTd, passed, wanted_of(policy.mr_service_td),
              report.mr_service_td ? text : "none in a TDX 1.0 report",
              passed ? "" : concat("[tdx]\nmr_service_td = [\"", text, "\"]"));
}

}  // namespace

void judge_domain(Judge& judge, const tdx::TdReport& report, const TdxPolicy& policy) {
  judge.check(Check::TdxDebug, policy.debug || !report.is_debug(),
              policy.debug ? "any" : "not a debug domain",
              report.is_debug() ? "a debug domain" : "not a debug domain");
  const bool migratable = (report.attributes & tdx::attribute_migratable) != 0;
  judge.check(Check::TdxMigration, policy.migration || !migratable,
              policy.migration ? "any" : "not migratable",
              migratable ? "migratable" : "not migratable");
  judge_attributes(judge, report, policy);
  judge_bits(judge, Check::TdxXfam, report.xfam, policy.xfam);
  judge.claim("MRTD", hex_of(report.mr_td));
  judge_measurements(judge, report, policy);
  judge_declared(judge, report, policy);
  judge_service(judge, report, policy);
  judge.claim("MRSEAM", hex_of(report.mr_seam));
  judge.claim("MRCONFIGID", hex_of(report.mr_config_id));
  judge.claim("MROWNER", hex_of(report.mr_owner));
  judge.claim("MROWNERCONFIG", hex_of(report.mr_owner_config));
  judge.claim("TEE TCB SVN", svns_text(report.tee_tcb_svn.view()));
  if (report.tee_tcb_svn2) judge.claim("TEE TCB SVN 2", svns_text(report.tee_tcb_svn2->view()));
  if (report.mr_service_td) judge.claim("MRSERVICETD", hex_of(*report.mr_service_td));
  judge.claim("debug", report.is_debug() ? "yes" : "no");
  judge.claim("attributes", hex_number(report.attributes));
  judge.claim("XFAM", hex_number(report.xfam));
  judge.claim("report data", hex_of(report.report_data));
}

namespace {

struct WantedData {
  const evidence::Evidence& evidence;

  struct Answer {
    std::optional<evidence::ReportData> data;  ///< nothing: anything goes
    std::string why;
    std::string_view objection = {};  ///< why no report data would do
  };
  /// Else whoever holds genuine evidence could put it into a request of his own.
  static constexpr std::string_view another_key = "the request is for another key";

  Answer operator()(const BindToRequest& binding) const {
    if (!evidence.key && binding.required) {
      return {std::nullopt, "the hash of the requested key", "there is no request"};
    }
    if (!evidence.key) return {std::nullopt, "any: there is no request"};
    return {of(*evidence.key), "the hash of the requested key, "};
  }
  Answer operator()(const BindToAnything&) const { return {std::nullopt, "any"}; }
  Answer operator()(const BindToData& binding) const {
    const bool about_key = !evidence.key || of(*evidence.key) == binding.data;
    return {binding.data, "", about_key ? "" : another_key};
  }
  Answer operator()(const BindToKey& binding) const {
    const bool about_key = !evidence.key || std::ranges::equal(evidence.key->spki, binding.spki);
    return {evidence::enarx_report_data(evidence.technology(), binding.spki),
            "the hash of the policy's key, ", about_key ? "" : another_key};
  }
  Answer operator()(const BindToChallenge& binding) const {
    Answer answer{
        evidence::keep_report_data(binding.tls_key_digest, binding.hpke_key_digest, binding.nonce),
        "the hash of the challenge and both keys, "};
    if (evidence.key && crypto::sha256({evidence.key->spki}) != binding.tls_key_digest) {
      answer.objection = another_key;
    }
    if (binding.nonce.is_zero()) answer.objection = "a nonce of zeros is no challenge";
    return answer;
  }

  /// No request holds such evidence: whose key it would be about nobody has said.
  Answer operator()(const BindToWork& binding) const {
    return {evidence::work_report_data(binding.launch_digest, binding.said_digest),
            "the hash of the launch facts and of what the workload said, ",
            evidence.key ? another_key : ""};
  }

  Answer operator()(const BindToCredential& binding) const {
    if (!evidence.key) {
      return {std::nullopt, "the hash of the requested key and what is asked for",
              "there is no request"};
    }
    return {evidence::credential_report_data(crypto::sha256({evidence.key->spki}),
                                             binding.request_digest),
            "the hash of the requested key and of what is asked for, "};
  }

  [[nodiscard]] evidence::ReportData of(const evidence::RequestedKey& key) const {
    return evidence::enarx_report_data(evidence.technology(), key.spki);
  }
};

}  // namespace

void judge_binding(Judge& judge, const evidence::Evidence& evidence, const Policy& policy) {
  const auto wanted = std::visit(WantedData{evidence}, policy.binding);
  const auto got = evidence::report_data_of(evidence);
  const bool same = got.has_value() && (!wanted.data || *wanted.data == *got);
  judge.check(
      Check::ReportData, same && wanted.objection.empty(),
      concat(wanted.why, wanted.data ? hex_of(*wanted.data) : ""),
      concat(got ? hex_of(*got) : "none", wanted.objection.empty() ? "" : ": ", wanted.objection));
  const bool proven = !evidence.key || evidence.key->proven;
  const std::string signature = proven ? "it holds" : "it does not hold";
  judge.check(Check::KeyProof, proven, "a signature by the requested key",
              evidence.key ? signature : "there is no request");
}

}  // namespace merlon::verify
