// Whether the firmware is one that AMD has found a hole in since.

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/verify/floors.h"
#include "merlon/verify/snp/context.h"

namespace merlon::verify::sev_snp {

using base::concat;

namespace {

/// What of the two versions is below the floor: both must hold, since what a hole let in while the
/// guest was launched stays in when the firmware is mended under it.
std::string below(const Floor& floor, const snp::TcbComponents& reported,
                  const snp::TcbComponents& launch) {
  std::string text;
  const auto add = [&](std::string_view when, const snp::TcbComponents& tcb) {
    const unsigned value = tcb.*floor.member;
    if (value < floor.least) text += concat(text.empty() ? "" : " and ", value, " ", when);
  };
  add("now", reported);
  add("at launch", launch);
  if (text.empty()) return text;
  return concat(floor.bulletin, ", ", floor.what, ": ", floor.component, " at least ",
                unsigned{floor.least},
                floor.processors.only ? concat(" on ", floor.processors.name) : "", ", not ", text);
}

std::string to_accept(const std::vector<std::string_view>& bulletins) {
  std::string text = "[snp]\nwaivers = [";
  for (const std::string_view each : bulletins) {
    text += concat("\n  { advisory = \"", each, "\", until = YYYY-MM-DD },");
  }
  return text + "\n]";
}

}  // namespace

void judge_bulletins(Context& context, snp::Product product) {
  Judge& judge = context.judge;
  const snp::Report& report = context.evidence.report;
  const snp::TcbComponents reported = snp::components(report.reported_tcb, product);
  const snp::TcbComponents launch = snp::components(report.launch_tcb, product);
  std::string got;
  std::vector<std::string_view> open;
  for (const Floor& floor : all_floors()) {
    if (!concerns(floor, product, report.cpuid)) continue;
    const std::string what = below(floor, reported, launch);
    if (what.empty()) continue;
    const Waiver* waiver = find_waiver(context.policy.snp.waivers, floor.bulletin, judge.now());
    if (waiver != nullptr) {
      judge.expire_by(waiver->until);
      auto& advisories = judge.appraisal().advisories;
      if (std::ranges::find(advisories, floor.bulletin) == advisories.end()) {
        advisories.emplace_back(floor.bulletin);
      }
      judge.warn(concat(what, ": accepted by the policy until ", codec::to_rfc3339(waiver->until)));
      continue;
    }
    got += concat(got.empty() ? "" : "; ", what);
    if (std::ranges::find(open, floor.bulletin) == open.end()) open.push_back(floor.bulletin);
  }
  const bool passed = open.empty();
  judge.record({Check::SnpBulletins, passed, true, "firmware that these bulletins do not concern",
                passed ? "none of the bulletins that are known here" : got, Cause::Other,
                passed ? "" : to_accept(open)});
  if (report.cpuid && is_design_unknown(product, *report.cpuid)) {
    judge.warn(concat("no bulletin that is known here is of this design (family ",
                      unsigned{report.cpuid->family}, ", model ", unsigned{report.cpuid->model},
                      ", stepping ", unsigned{report.cpuid->stepping},
                      "): its microcode is not judged; [snp] min_reported_tcb asks for one"));
  }
  if (judge.now().seconds > floors_read.seconds + floors_age_in_seconds) {
    judge.warn(concat("AMD's bulletins were last read on ",
                      codec::to_rfc3339(floors_read).substr(0, 10),
                      " for this program: newer ones are not known to it"));
  }
}

}  // namespace merlon::verify::sev_snp
