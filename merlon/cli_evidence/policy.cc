// merlon evidence policy init, merlon evidence policy check.

#include "merlon/base/text.h"
#include "merlon/cli_evidence/commands.h"
#include "merlon/cli_evidence/files.h"
#include "merlon/cli_evidence/weaknesses.h"
#include "merlon/os/open.h"

namespace merlon::cli_evidence {

using base::concat;

int evidence_policy_init(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const std::string given = arguments.positional(0);
  const std::string path = given.empty() ? "policy.toml" : given;
  const int refused = number(Status::Unusable);
  const auto file = os::create_file(path);
  if (!file) {
    return cli::fail(
        terminal, concat(base::printable(path), ": cannot be made: ", os::describe(file.error())),
        refused);
  }
  const auto written = os::write_all(*file, core::as_bytes(verify::policy_template()));
  if (!written) {
    return cli::fail(terminal, concat(base::printable(path), ": ", os::describe(written.error())),
                     refused);
  }
  return 0;
}

int evidence_policy_check(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const std::string path = arguments.positional(0);
  const auto given = read_policy(path);
  if (!given) return cli::fail(terminal, given.error().text, number(given.error().status));
  const verify::Policy* policy = &given->policy;
  const bool steward = policy->form == verify::PolicyForm::Steward;
  std::string text =
      concat(base::printable(path), steward ? ": a Steward's configuration" : ": a policy",
             " that accepts");
  for (const evidence::Technology technology : policy->technologies) {
    text += concat(" ", to_string(technology));
  }
  if (policy->technologies.empty()) text += " nothing";
  text += "\n";
  for (const auto& [what, advice] : weaknesses(*policy)) {
    const bool advise = !steward && !advice.empty();  // a Steward's keys are others
    text += concat("  weak: ", what, advise ? ": " : "", advise ? advice : "", "\n");
  }
  for (const std::string& each : empty_lists(*policy)) text += concat("  nothing: ", each, "\n");
  if (const std::string_view strict = too_strict(*policy); !strict.empty()) {
    text += concat("  strict: ", strict, "\n");
  }
  return cli::print(terminal, text);
}

}  // namespace merlon::cli_evidence
