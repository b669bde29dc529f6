#pragma once

// Private to the room: what the policy asks of the workload itself.

#include "merlon/verify/judge.h"
#include "merlon/verify/policy.h"

namespace merlon::verify {

/// SgxDebug to SgxKss, and claims.
void judge_enclave(Judge& judge, const sgx::ReportBody& report, const SgxPolicy& policy);
/// TdxDebug to MrServiceTd, and claims.
void judge_domain(Judge& judge, const tdx::TdReport& report, const TdxPolicy& policy);
/// ReportData and KeyProof.
void judge_binding(Judge& judge, const evidence::Evidence& evidence, const Policy& policy);

/// Whether a value is the one that the policy names, if it names one.
template <typename T>
bool matches(const std::optional<T>& wanted, const T& got) {
  return !wanted || *wanted == got;
}

}  // namespace merlon::verify
