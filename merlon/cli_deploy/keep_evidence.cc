// merlon keeps evidence: what a keep proved when it got its workload, judged by what is known now.

#include "merlon/base/text.h"
#include "merlon/cli_deploy/commands.h"
#include "merlon/cli_deploy/judge.h"
#include "merlon/cli_deploy/kept_talk.h"
#include "merlon/cli_evidence/moment.h"
#include "merlon/cli_evidence/show.h"

namespace merlon::cli_deploy {

using base::concat;
using cli_evidence::Failure;
using cli_evidence::Result;
using cli_evidence::Status;

namespace {

/// How old the proof is at most, by the tenant's own clock.
std::string age_of(codec::UnixTime challenged, codec::UnixTime now) {
  const std::int64_t seconds = now.seconds - challenged.seconds;
  if (seconds < 0) return "the clock was set back since";
  constexpr std::int64_t minute = 60;
  constexpr std::int64_t hour = 60 * minute;
  constexpr std::int64_t day = 24 * hour;
  if (seconds < 2 * minute) return concat(seconds, " seconds ago");
  if (seconds < 2 * hour) return concat(seconds / minute, " minutes ago");
  if (seconds < 2 * day) return concat(seconds / hour, " hours ago");
  return concat(seconds / day, " days ago");
}

report::Head head_of(const cli::Arguments& arguments, const std::string& id,
                     const launch::Proof& proof, const Judge::Found& found) {
  report::Head head;
  head.file = concat("keep ", id);
  head.format = std::string(found.evidence.format);
  head.wrappings = found.evidence.wrappings;
  head.endorsements = found.endorsements;
  head.evidence_digest = crypto::sha256({proof.evidence});
  head.policy_file = arguments.value("--policy");
  head.policy_form = found.policy.form;
  head.certificates = found.collateral.certificates;
  return head;
}

Result<int> show_evidence(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const std::string id = arguments.positional(0);
  const KeptTalk kept = TRY(find_talk(terminal, id));
  if (!kept.binding) {
    return Failure{"an earlier version kept this talk, without the challenge", Status::NotJudged};
  }
  const Judge judge = TRY(Judge::prepare(arguments, terminal));
  const auto client = TRY(client_for(arguments, terminal, id));
  const launch::Proof proof = TRY(client.proof(id));
  if (proof.evidence.empty()) {
    return Failure{"nothing attests this keep: the owner of its machine can read the workload",
                   Status::Refused};
  }
  // The keys are those that the workload was sealed to, whatever the gatehouse says of them now.
  const Judge::Found found = TRY(judge.appraise(proof, *kept.binding));
  const auto now = TRY(cli_evidence::read_time(""));
  cli_evidence::remark(
      terminal, concat("the keep proved this to a challenge of ",
                       codec::to_rfc3339(kept.challenged), " (", age_of(kept.challenged, now),
                       "), before it got the workload. It answers no later one: this says what it "
                       "was then, judged by what is known now"));
  return cli_evidence::show(arguments, terminal, head_of(arguments, id, proof, found),
                            found.appraisal);
}

}  // namespace

int keeps_evidence(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const auto status = show_evidence(arguments, terminal);
  if (status) return *status;
  return cli::fail(terminal, status.error().text, cli_evidence::number(status.error().status));
}

}  // namespace merlon::cli_deploy
