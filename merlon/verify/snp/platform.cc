// The chip, its firmware and their versions.

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/verify/snp/context.h"
#include "merlon/verify/text.h"

namespace merlon::verify::sev_snp {

using base::concat;
using snp::TcbComponents;

namespace {

void judge_chip(Context& context) {
  const snp::Report& report = context.evidence.report;
  Judge& judge = context.judge;
  if (!context.endorsed) {
    judge.cannot(Check::SnpChip, "there is no VCEK or VLEK");
    return;
  }
  if (report.signing_key == snp::SigningKey::Vlek) {
    // A VLEK stands for a provider's chips, not for one of them.
    judge.check(Check::SnpChip, !context.endorsed->hwid, "no chip: a VLEK stands for a provider",
                context.endorsed->hwid ? "the certificate names a chip" : "no chip is named");
    return;
  }
  const auto& hwid = context.endorsed->hwid;
  if (!hwid) {
    judge.check(Check::SnpChip, false, "a HWID", "the VCEK names no chip");
    return;
  }
  const core::ByteView chip = report.chip_id.view();
  const bool same = std::ranges::equal(chip.first(hwid->size()), *hwid);
  const bool rest =
      std::ranges::all_of(chip.subspan(hwid->size()), [](std::uint8_t byte) { return byte == 0; });
  // A short HWID is Turin's; on others it would leave most of the chip's name unchecked.
  const bool size = hwid->size() == (context.product == snp::Product::Turin ? 8U : 64U);
  const bool hidden = report.chip_key_masked || report.chip_id.is_zero();
  judge.check(Check::SnpChip, same && rest && size && !hidden, base::hex(*hwid),
              concat(base::hex(chip), report.chip_key_masked ? " (masked)" : ""));
}

/// A chip that is not told (a VLEK's report need not) is none that a list has.
void judge_known_chip(Context& context) {
  const snp::Report& report = context.evidence.report;
  const Accept<snp::ChipId>& accept = context.policy.snp.chip_id;
  const bool told = !report.chip_key_masked && !report.chip_id.is_zero();
  context.judge.check(Check::SnpKnownChip,
                      accept.is_any() || (told && accept.contains(report.chip_id)),
                      wanted_of(accept), told ? hex_of(report.chip_id) : "not told",
                      told ? in_policy("snp", "chip_id", hex_of(report.chip_id)) : "");
}

void judge_versions(Context& context, snp::Product product) {
  const snp::Report& report = context.evidence.report;
  const SnpPolicy& policy = context.policy.snp;
  Judge& judge = context.judge;
  const TcbComponents reported = snp::components(report.reported_tcb, product);
  const TcbComponents committed = snp::components(report.committed_tcb, product);
  const TcbComponents current = snp::components(report.current_tcb, product);
  const TcbComponents launch = snp::components(report.launch_tcb, product);
  bool reserved = true;
  for (const auto* version :
       {&report.reported_tcb, &report.committed_tcb, &report.current_tcb, &report.launch_tcb}) {
    reserved = reserved && snp::has_zero_reserved(*version, product);
  }
  if (context.endorsed) {
    judge.check(Check::SnpEndorsedTcb, context.endorsed->tcb == reported && reserved,
                text_of(context.endorsed->tcb),
                concat(text_of(reported), reserved ? "" : ", reserved bytes not zero"));
  } else {
    judge.cannot(Check::SnpEndorsedTcb, "there is no VCEK or VLEK");
  }
  judge.check(Check::SnpTcbOrder, committed.at_least(reported) && current.at_least(committed),
              "reported <= committed <= current",
              concat("reported ", text_of(reported), "; committed ", text_of(committed),
                     "; current ", text_of(current)));
  judge.check(Check::SnpReportedTcb, reported.at_least(policy.min_reported_tcb),
              concat("at least ", text_of(policy.min_reported_tcb)), text_of(reported));
  judge.check(Check::SnpLaunchTcb, launch.at_least(policy.min_launch_tcb),
              concat("at least ", text_of(policy.min_launch_tcb)), text_of(launch));
  judge.claim("reported TCB", text_of(reported));
  judge.claim("launch TCB", text_of(launch));
}

}  // namespace

void judge_platform(Context& context) {
  const snp::Report& report = context.evidence.report;
  const SnpPolicy& policy = context.policy.snp;
  Judge& judge = context.judge;
  judge_chip(context);
  judge_known_chip(context);
  if (context.product) {
    judge_versions(context, *context.product);
    judge_bulletins(context, *context.product);
  } else {
    for (const Check check : {Check::SnpEndorsedTcb, Check::SnpTcbOrder, Check::SnpReportedTcb,
                              Check::SnpLaunchTcb, Check::SnpBulletins}) {
      judge.cannot(check, "the product, and so the layout of a TCB version, is not known");
    }
  }
  judge.check(Check::SnpFirmware, report.committed >= policy.min_firmware,
              concat("at least ", text_of(policy.min_firmware)), text_of(report.committed));
  // Versions alone: hosts load microcode, a part of the TCB, without committing it.
  const bool committed = report.current == report.committed;
  judge.check(
      Check::SnpProvisional, committed || policy.provisional_firmware,
      policy.provisional_firmware ? "any" : "current firmware is committed",
      concat("current ", text_of(report.current), ", committed ", text_of(report.committed)));
}

}  // namespace merlon::verify::sev_snp
