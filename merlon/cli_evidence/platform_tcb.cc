// merlon platform tcb: how long will this platform be accepted, and what would it need.

#include "merlon/base/text.h"
#include "merlon/cli_evidence/commands.h"
#include "merlon/cli_evidence/files.h"
#include "merlon/verify/outlook.h"

namespace merlon::cli_evidence {

using base::concat;

namespace {

constexpr int some_time = 1;  ///< exit status: it will be refused

std::string days_left(codec::UnixTime until, codec::UnixTime now) {
  const std::int64_t days = (until.seconds - now.seconds) / codec::seconds_per_day;
  return days <= 0 ? std::string("at any time") : concat("in ", days, days == 1 ? " day" : " days");
}

std::string text_of(const verify::Outlook& found, codec::UnixTime now) {
  std::string text = concat(found.kind, found.machine.empty() ? "" : ", machine ",
                            std::string_view(found.machine).substr(0, 32), "\n");
  if (!found.accepted) {
    text += "refused now\n";
  } else if (found.refused_from) {
    text += concat("accepted now; refused ", days_left(*found.refused_from, now), " (",
                   codec::to_rfc3339(*found.refused_from), ") at the earliest\n");
  } else {
    text += "accepted, and nothing that is known here will refuse it\n";
  }
  for (const std::string& each : found.reasons) text += concat("  why: ", each, "\n");
  for (const verify::Shortfall& each : found.shortfalls) {
    text += concat("  short: ", each.what, " is ", each.has, ", wanted is ", each.wants,
                   each.raised_by.empty() ? "" : concat("; raised by ", each.raised_by), "\n");
  }
  return text;
}

Result<int> tcb(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const std::string path = arguments.positional(0);
  const auto given = TRY(read_policy(arguments.value("--policy")));
  const codec::UnixTime now = TRY(read_time(arguments.value("--at")));
  const auto moment =
      arguments.has("--at") ? verify::Moment::asked_for(now) : verify::Moment::by_clock(now, {});
  const auto own = TRY(read_endorsements(arguments.values("--endorsements")));
  const auto early = TRY(read_endorsements(arguments.values("--early")));
  const auto bytes = TRY(read_bytes(path, evidence::max_evidence_size));
  const auto evidence = evidence::Evidence::parse(bytes);
  if (!evidence) return not_parsed(path, evidence.error());
  const auto collateral = verify::Collateral::parse(own.all, evidence->endorsements);
  const auto appraisal = verify::appraise(*evidence, collateral, given.policy, moment);
  const verify::Outlook found = verify::outlook(
      *evidence, appraisal, collateral, verify::Collateral::parse(early.all), given.policy, moment);
  const int printed = cli::print(terminal, text_of(found, now));
  if (printed != 0) return printed;
  if (!found.accepted) return number(Status::Refused);
  return found.refused_from ? some_time : 0;
}

}  // namespace

int platform_tcb(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const auto status = tcb(arguments, terminal);
  if (status) return *status;
  return cli::fail(terminal, status.error().text, number(status.error().status));
}

}  // namespace merlon::cli_evidence
