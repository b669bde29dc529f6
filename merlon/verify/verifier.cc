#include "merlon/verify/verifier.h"

#include "merlon/base/text.h"
#include "merlon/verify/clock.h"
#include "merlon/verify/dcap/context.h"
#include "merlon/verify/judge.h"
#include "merlon/verify/roots.h"
#include "merlon/verify/snp/context.h"
#include "merlon/verify/workload.h"

namespace merlon::verify {

namespace {

void judge_technology(Judge& judge, evidence::Technology technology, const Policy& policy) {
  std::vector<std::string> wanted;
  for (const evidence::Technology each : policy.technologies) wanted.emplace_back(to_string(each));
  // A KVM keep proves nothing, so no policy can accept it.
  const bool passed =
      technology != evidence::Technology::Kvm && policy.technologies.contains(technology);
  judge.check(Check::Technology, passed, list_of(wanted), std::string(to_string(technology)));
}

struct Judging {
  Judge& judge;
  const Collateral& collateral;
  const Policy& policy;

  [[nodiscard]] x509::PathBuilder paths_to_amd() const {
    return {collateral.certificates, amd_anchors(policy), judge.now(), collateral.memo};
  }
  [[nodiscard]] dcap::Context context_of(const sgx::Quote& quote, const tdx::TdReport* td) const {
    return {judge,           quote,   collateral, policy, td,      intel_anchors(policy),
            collateral.memo, {},      {},         {},     nullptr, false,
            nullptr,         nullptr, 0,          0,      {},      {}};
  }

  void operator()(const evidence::KvmEvidence&) const {}
  void operator()(const evidence::SgxEvidence& evidence) const {
    dcap::Context context = context_of(evidence.quote, nullptr);
    dcap::judge_dcap(context);
    judge_clock(judge, collateral, context.pck_path, all_anchors(policy));
    judge_enclave(judge, evidence.report, policy.sgx);
  }
  void operator()(const evidence::TdxEvidence& evidence) const {
    dcap::Context context = context_of(evidence.quote, &evidence.report);
    dcap::judge_dcap(context);
    judge_clock(judge, collateral, context.pck_path, all_anchors(policy));
    judge_domain(judge, evidence.report, policy.tdx);
  }
  void operator()(const evidence::SnpEvidence& evidence) const {
    sev_snp::Context context{judge, evidence, collateral, policy, paths_to_amd(), {}, {}, {}};
    sev_snp::judge_chain(context);
    sev_snp::judge_platform(context);
    sev_snp::judge_guest(context);
    judge_clock(judge, collateral, {}, all_anchors(policy));
  }
};

}  // namespace

Appraisal appraise(const evidence::Evidence& evidence, const Collateral& collateral,
                   const Policy& policy, const Moment& moment) {
  Judge judge(evidence.technology(), moment);
  judge_technology(judge, evidence.technology(), policy);
  if (evidence.technology() != evidence::Technology::Kvm) judge_binding(judge, evidence, policy);
  std::visit(Judging{judge, collateral, policy}, evidence.report);
  return judge.finish();
}

}  // namespace merlon::verify
