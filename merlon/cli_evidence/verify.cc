// merlon evidence verify: is this evidence to be trusted, and why not.

#include "merlon/base/text.h"
#include "merlon/cli_evidence/commands.h"
#include "merlon/cli_evidence/files.h"
#include "merlon/cli_evidence/moment.h"
#include "merlon/cli_evidence/show.h"
#include "merlon/report/report.h"

namespace merlon::cli_evidence {

using base::concat;

namespace {

Result<int> verify(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const std::string path = arguments.positional(0);
  const std::string policy_path = arguments.value("--policy");
  const auto [policy, has_keys] = TRY(read_policy(policy_path));
  const std::string memory_file = memory_file_of(arguments, terminal);
  const verify::Moment moment = TRY(moment_of(arguments, memory_file));
  auto [all, directory, remarks, passed_over] =
      TRY(read_endorsements(arguments.values("--endorsements")));
  const auto bytes = TRY(read_bytes(path, evidence::max_evidence_size));
  const auto evidence = evidence::Evidence::parse(bytes);
  if (!evidence) return not_parsed(path, evidence.error());
  if (!has_keys) {
    remark(terminal,
           concat(base::printable(policy_path), ": asks for nothing: any workload is accepted"));
  }
  for (const std::string& each : remarks) remark(terminal, each);
  for (const std::string& each : evidence->notes) {
    remark(terminal, concat(base::printable(path), ": ", each));
  }
  const auto collateral = verify::Collateral::parse(all, evidence->endorsements);
  const verify::Appraisal appraisal = verify::appraise(*evidence, collateral, policy, moment);
  if (!memory_file.empty()) remember(terminal, memory_file, appraisal.seen);
  const bool for_now = arguments.value("--at").empty();
  const report::Head head{path,
                          std::string(evidence->format),
                          evidence->wrappings,
                          all.size() + evidence->endorsements.size(),
                          passed_over,
                          crypto::sha256({bytes}),
                          policy_path,
                          policy.form,
                          report::hints({path, directory, for_now}, *evidence, appraisal),
                          collateral.certificates};
  return show(arguments, terminal, head, appraisal);
}

}  // namespace

int evidence_verify(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const auto status = verify(arguments, terminal);
  if (status) return *status;
  return cli::fail(terminal, status.error().text, number(status.error().status));
}

}  // namespace merlon::cli_evidence
