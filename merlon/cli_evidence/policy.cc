// merlon evidence policy init, merlon evidence policy check.

#include "merlon/base/text.h"
#include "merlon/cli_evidence/commands.h"
#include "merlon/cli_evidence/files.h"
#include "merlon/cli_evidence/weaknesses.h"
#include "merlon/os/open.h"
#include "merlon/verify/policy_from.h"

namespace merlon::cli_evidence {

using base::concat;

namespace {

/// Why evidence is not good, in one line: the checks that say no, the first with what was found.
std::string reasons(const verify::Appraisal& appraisal) {
  std::string text;
  for (const verify::Finding& each : appraisal.findings) {
    if (each.passed || !each.made) continue;
    const std::string_view name = row_of(each.check).name;
    text += text.empty() ? concat(name, ": ", each.got) : concat(", ", name);
  }
  return text.empty() ? "nothing of it could be judged" : text;
}

Result<std::string> policy_of(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const std::string path = arguments.value("--evidence");
  if (path.empty()) {
    if (arguments.has("--endorsements") || arguments.has("--at")) {
      return Failure{"--endorsements and --at belong to --evidence", Status::Usage};
    }
    return std::string(verify::policy_template());
  }
  const codec::UnixTime now = TRY(read_time(arguments.value("--at")));
  const verify::Moment moment =
      arguments.has("--at") ? verify::Moment::asked_for(now) : verify::Moment::by_clock(now, {});
  const auto given = TRY(read_endorsements(arguments.values("--endorsements")));
  const auto bytes = TRY(read_bytes(path, evidence::max_evidence_size));
  const auto evidence = evidence::Evidence::parse(bytes);
  if (!evidence) return not_parsed(path, evidence.error());
  const auto collateral = verify::Collateral::parse(given.all, evidence->endorsements);
  const auto made = verify::policy_from(*evidence, collateral, moment);
  if (!made) {
    return Failure{concat(base::printable(path), ": no policy is made from what is not good: ",
                          reasons(made.error()), " (merlon evidence verify says more)"),
                   Status::Refused};
  }
  for (const std::string& each : made->waived) {
    cli::fail(terminal, concat("waived for 30 days: ", each, ", which is open on this platform"),
              0);
  }
  return made->text;
}

}  // namespace

int evidence_policy_init(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const std::string given = arguments.positional(0);
  const std::string path = given.empty() ? "policy.toml" : given;
  const int refused = number(Status::Unusable);
  if (os::exists(path)) {
    return cli::fail(
        terminal,
        concat(base::printable(path), ": cannot be made: ", os::describe(os::Errno::Exist)),
        refused);
  }
  const auto text = policy_of(arguments, terminal);
  if (!text) return cli::fail(terminal, text.error().text, number(text.error().status));
  const auto file = os::create_file(path);
  if (!file) {
    return cli::fail(
        terminal, concat(base::printable(path), ": cannot be made: ", os::describe(file.error())),
        refused);
  }
  const auto written = os::write_all(*file, core::as_bytes(*text));
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
