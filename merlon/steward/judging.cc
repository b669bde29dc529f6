#include "merlon/steward/judging.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/steward/policy_rules.h"
#include "merlon/steward/refusal.h"
#include "merlon/steward/trust.h"

namespace merlon::steward {

using base::concat;
using core::ByteView;
using core::Result;
using evidence::AttestationResult;
using evidence::Evidence;
using evidence::Technology;
using evidence::TrustTier;
using evidence::TrustVector;

namespace {

constexpr std::size_t max_carried_in_all = 256;

std::string text_of(const core::Error& error) {
  return error.detail == 0 ? std::string(error.what) : concat(error.what, " (", error.detail, ")");
}

Bytes bytes_of(ByteView view) { return {view.begin(), view.end()}; }

/// What the report says of what runs.
struct Describing {
  AttestationResult& result;

  void operator()(const evidence::KvmEvidence&) const {}
  void operator()(const evidence::SgxEvidence& evidence) const {
    result.measurement = bytes_of(evidence.report.mr_enclave.view());
    result.signers.push_back({"MRSIGNER", bytes_of(evidence.report.mr_signer.view())});
    result.debug = evidence.report.is_debug();
  }
  void operator()(const evidence::TdxEvidence& evidence) const {
    result.measurement = bytes_of(evidence.report.mr_td.view());
    result.debug = evidence.report.is_debug();
  }
  void operator()(const evidence::SnpEvidence& evidence) const {
    const snp::Report& report = evidence.report;
    result.measurement = bytes_of(report.measurement.view());
    if (!report.id_key_digest.is_zero()) {
      result.signers.push_back({"id key digest", bytes_of(report.id_key_digest.view())});
    }
    if (report.author_key_enabled && !report.author_key_digest.is_zero()) {
      result.signers.push_back({"author key digest", bytes_of(report.author_key_digest.view())});
    }
    result.debug = report.policy.debug();
  }
};

std::string names_of(std::span<const std::string> names) {
  std::string text;
  for (const std::string& each : names) text += concat(text.empty() ? "" : ", ", each);
  return text;
}

class OneRequest {
 public:
  OneRequest(const Judging& judging, std::size_t number) : judging_(judging), number_(number) {}

  /// `carried` counts what came along, over all requests.
  Result<Granted, Refusal> judge(ByteView der, std::size_t& carried, verify::Memory& seen) {
    const auto request = x509::CertificateRequest::parse(der);
    if (!request) return no(Reason::Form, text_of(request.error()));
    if (!request->is_signed_by_its_key()) return no(Reason::Signature, "another's signature");
    if (request->key().key.kind() == crypto::KeyKind::Rsa) return no(Reason::Key, "an RSA key");
    if (request->extensions().empty()) return no(Reason::NoEvidence, "no extension");
    const auto evidence = Evidence::of_request(*request, true);
    if (!evidence) return no(Reason::EvidenceForm, text_of(evidence.error()));
    carried += evidence->endorsements.size();
    if (carried > max_carried_in_all) return no(Reason::Carried, concat(carried));

    Granted granted;
    granted.spki = bytes_of(request->key().spki);
    granted.kvm = evidence->technology() == Technology::Kvm;
    AttestationResult& result = granted.result;
    result.build = judging_.settings.build;
    result.issued = judging_.moment.now;
    result.technology = evidence->technology();
    result.policy = judging_.policy_digest;
    result.workload = evidence->workload;
    result.evidence = crypto::sha256({request->extensions()[0].value});
    std::visit(Describing{result}, evidence->report);
    granted.until = TRY(appraise(*evidence, granted, seen));
    result.status = steward::status_of(result.vector);
    return granted;
  }

 private:
  Refusal no(Reason reason, std::string_view got) const { return refuse(reason, got, number_); }

  /// Fills in what the verifier says; gives how long it counts.
  Result<codec::UnixTime, Refusal> appraise(const Evidence& evidence, Granted& granted,
                                            verify::Memory& seen) const {
    AttestationResult& result = granted.result;
    const bool development = judging_.settings.development;
    if (evidence.technology() == Technology::Kvm && development) {
      result.vector = {0, TrustVector::unrecognized_hardware, TrustVector::visible_memory};
      result.remarks.emplace_back("there is no hardware behind this keep: it proves nothing");
      return no_end;
    }
    const verify::Collateral all = judging_.own.with_carried(evidence.endorsements);
    const verify::Appraisal appraisal =
        verify::appraise(evidence, all, judging_.settings.policy, judging_.moment);
    seen.merge(appraisal.seen);
    if (!appraisal.accepted()) {
      Refusal refusal = refuse(appraisal, number_);
      refusal.lacks_vcek = lacking(evidence, appraisal);
      return refusal;
    }
    if (appraisal.simulated && !development) return no(Reason::Simulator, "a simulator's report");
    result.simulator = appraisal.simulated;
    if (appraisal.tcb_status) result.tcb_status = to_string(*appraisal.tcb_status);
    const verify::Collateral nothing_early;
    const auto& early = judging_.settings.early;
    granted.outlook = verify::outlook(evidence, appraisal, all, early ? *early : nothing_early,
                                      judging_.settings.policy, judging_.moment);
    result.vector = trust_of(
        appraisal, compares_workload(judging_.settings.policy, appraisal.technology), result.debug);
    remark(appraisal, result);
    return appraisal.expiry.value_or(no_end);
  }

  /// The report, if it is for want of its VCEK that its signature could not be judged.
  static std::optional<snp::Report> lacking(const Evidence& evidence,
                                            const verify::Appraisal& appraisal) {
    const auto* snp = std::get_if<evidence::SnpEvidence>(&evidence.report);
    const verify::Finding* signature = appraisal.find(verify::Check::SnpSignature);
    if (snp == nullptr || snp->report.signing_key != snp::SigningKey::Vcek ||
        snp->report.chip_id.is_zero() || signature == nullptr || signature->passed ||
        is_certain(appraisal)) {
      return std::nullopt;
    }
    return snp->report;
  }

  void remark(const verify::Appraisal& appraisal, AttestationResult& result) const {
    if (appraisal.simulated) {
      result.remarks.emplace_back("SIMULATOR: no vendor's root stands for this keep");
    }
    if (result.debug) result.remarks.emplace_back("a debugger can read this keep");
    if (!compares_workload(judging_.settings.policy, appraisal.technology)) {
      result.remarks.emplace_back("the policy compares no measurement and no signer");
    }
    if (!appraisal.advisories.empty()) {
      result.remarks.push_back(concat("open advisories: ", names_of(appraisal.advisories)));
    }
    for (const std::string& each : appraisal.warnings) result.remarks.push_back(each);
  }

  static constexpr codec::UnixTime no_end{253'402'300'799};  // of the year 9999

  const Judging& judging_;
  std::size_t number_;
};

/// The bytes of the SubjectPublicKeyInfo of one that was granted before.
bool has_key(const Granted& granted, const Bytes& spki) { return granted.spki == spki; }

}  // namespace

Result<std::vector<ByteView>, Refusal> split(RequestForm form, ByteView body) {
  if (body.size() > max_body_size) return refuse(Reason::BodySize, concat(body.size(), " bytes"));
  if (form == RequestForm::Single) return std::vector<ByteView>{body};
  const auto outer = codec::der_whole(body, codec::DerTag::Sequence);
  if (!outer) return refuse(Reason::Form, text_of(outer.error()));
  std::vector<ByteView> requests;
  for (codec::DerReader reader(outer->content); !reader.at_end();) {
    const auto request = reader.element(codec::DerTag::Sequence);
    if (!request) return refuse(Reason::Form, text_of(request.error()), requests.size());
    if (requests.size() == max_requests) return refuse(Reason::Count, "more");
    requests.push_back(request->whole);
  }
  return requests;
}

Result<std::vector<Granted>, Refusal> judge(std::span<const ByteView> requests,
                                            const Judging& judging, verify::Memory& seen) {
  std::vector<Granted> all;
  std::size_t carried = 0;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto earlier = requests.first(i);
    const auto same = std::ranges::find_if(
        earlier, [&](ByteView each) { return std::ranges::equal(each, requests[i]); });
    if (same != earlier.end()) {
      all.push_back(all[static_cast<std::size_t>(same - earlier.begin())]);
      continue;
    }
    Granted granted = TRY(OneRequest(judging, i).judge(requests[i], carried, seen));
    const bool twice =
        std::ranges::any_of(all, [&](const Granted& each) { return has_key(each, granted.spki); });
    if (twice) return refuse(Reason::KeyTwice, "a key that another request has", i);
    all.push_back(std::move(granted));
  }
  return all;
}

}  // namespace merlon::steward
