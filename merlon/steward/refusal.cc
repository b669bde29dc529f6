#include "merlon/steward/refusal.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"

namespace merlon::steward {

using verify::Cause;
using verify::Check;
using verify::Finding;

namespace {

struct Row {
  std::string_view code;
  Refusal::Kind kind;
  std::string_view wanted;
};

constexpr auto table = std::array{
#define MERLON_REFUSAL_ROW(id, code, kind, wanted) Row{code, Refusal::Kind::kind, wanted},
#include "merlon/steward/refusals.def"
#undef MERLON_REFUSAL_ROW
};

constexpr std::size_t longest_text = 1000;

/// Whether a check looks at nothing but what the workload's own report says and the policy asks.
/// Groups of checks.def that are so stand together there.
bool hangs_on_no_endorsement(Check check) noexcept {
  const auto within = [&](Check first, Check last) { return first <= check && check <= last; };
  return within(Check::Technology, Check::KeyProof) || within(Check::SgxDebug, Check::SgxKss) ||
         within(Check::TdxDebug, Check::MrServiceTd) ||
         within(Check::SnpVmpl, Check::SnpMeasurement);
}

bool waits(const Finding& finding) noexcept {
  return !finding.passed &&
         (finding.cause == Cause::MissingEndorsement || finding.cause == Cause::StaleEndorsement);
}

Refusal of_finding(const Finding& finding, Refusal::Kind kind, std::size_t request) {
  return {kind, std::string(row_of(finding.check).name),
          base::printable(finding.wanted, longest_text), base::printable(finding.got, longest_text),
          request};
}

}  // namespace

Refusal refuse(Reason reason, std::string_view got, std::size_t request) {
  const Row& row = table.at(static_cast<std::size_t>(reason));
  return {row.kind, std::string(row.code), std::string(row.wanted),
          base::printable(got, longest_text), request};
}

bool is_certain(const verify::Appraisal& appraisal) noexcept {
  return std::ranges::any_of(appraisal.findings, [](const Finding& each) {
    return !each.passed && each.made && hangs_on_no_endorsement(each.check);
  });
}

Refusal refuse(const verify::Appraisal& appraisal, std::size_t request) {
  const auto& findings = appraisal.findings;
  const auto waiting = std::ranges::find_if(findings, waits);
  const auto certain = std::ranges::find_if(findings, [&](const Finding& each) {
    return !each.passed && each.made && each.cause == Cause::Other &&
           (waiting == findings.end() || hangs_on_no_endorsement(each.check));
  });
  if (certain != findings.end()) return of_finding(*certain, Refusal::Kind::Refused, request);
  if (waiting != findings.end()) return of_finding(*waiting, Refusal::Kind::NotNow, request);
  const auto any = std::ranges::find_if(findings, [](const Finding& each) { return !each.passed; });
  if (any != findings.end()) return of_finding(*any, Refusal::Kind::Refused, request);
  // An appraisal that refuses without a finding: the verifier's defect.
  return {Refusal::Kind::Internal, std::string(row_of(Check::Technology).name),
          "an appraisal with a reason", "none", request};
}

}  // namespace merlon::steward
