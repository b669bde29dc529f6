// What the policy asks of the guest.

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/verify/snp/context.h"
#include "merlon/verify/text.h"
#include "merlon/verify/workload.h"

namespace merlon::verify::sev_snp {

using base::concat;

namespace {

bool fits(BitRule rule, bool set) noexcept {
  switch (rule) {
    case BitRule::Any: return true;
    case BitRule::Set: return set;
    case BitRule::Clear: return !set;
  }
  return false;
}

std::string_view text_of(BitRule rule) noexcept {
  switch (rule) {
    case BitRule::Any: return "any";
    case BitRule::Set: return "on";
    case BitRule::Clear: return "off";
  }
  return "none";
}

std::string abi_text(unsigned abi) { return concat(abi >> 8U, ".", abi & 0xFFU); }

std::string wanted_abi(const SnpPolicy& policy) {
  if (policy.min_abi == policy.max_abi) return abi_text(policy.min_abi);
  if (policy.max_abi == 0xFFFF) return concat("at least ", abi_text(policy.min_abi));
  return concat(abi_text(policy.min_abi), " to ", abi_text(policy.max_abi));
}

void judge_vmpl(Context& context) {
  const std::uint32_t vmpl = context.evidence.report.vmpl;
  std::string wanted;
  for (const std::uint32_t level : context.policy.snp.vmpl) {
    wanted += concat(wanted.empty() ? "" : " or ", level);
  }
  // 0xFFFFFFFF and all else above 3 never are a guest's.
  const bool passed = vmpl <= 3 && context.policy.snp.vmpl.contains(vmpl);
  context.judge.check(Check::SnpVmpl, passed, wanted.empty() ? "none" : wanted,
                      vmpl == snp::host_vmpl ? "the host asked for the report" : concat(vmpl));
}

void judge_policy_bits(Context& context) {
  const snp::Report& report = context.evidence.report;
  const SnpPolicy& policy = context.policy.snp;
  Judge& judge = context.judge;
  const snp::GuestPolicy& guest = report.policy;
  judge.check(Check::SnpDebug, policy.debug || !guest.debug(),
              policy.debug ? "any" : "not a debug guest",
              guest.debug() ? "a debug guest" : "not a debug guest");
  const bool all_ones = std::ranges::all_of(report.report_id_ma.view(),
                                            [](std::uint8_t byte) { return byte == 0xFF; });
  const bool migratable = guest.migration_agent() || !all_ones;
  judge.check(Check::SnpMigration, policy.migration || !migratable,
              policy.migration ? "any" : "no migration agent",
              migratable ? "a migration agent" : "no migration agent");
  const unsigned asked = guest.abi_major() * 256U + guest.abi_minor();
  const unsigned runs = report.current.major * 256U + report.current.minor;
  judge.check(Check::SnpAbi, asked >= policy.min_abi && asked <= policy.max_abi && runs >= asked,
              concat("asked for ", wanted_abi(policy), " and running it"),
              concat("asked for ", abi_text(asked), ", running ", abi_text(runs)));
}

void judge_guest_bits(Context& context) {
  const snp::GuestPolicy& guest = context.evidence.report.policy;
  bool passed = true;
  std::string wanted;
  std::string got;
  for (const GuestBit& each : guest_bits) {
    const BitRule rule = context.policy.snp.*each.rule;
    passed = passed && fits(rule, guest.has(each.bit));
    if (guest.has(each.bit)) got += concat(got.empty() ? "" : ", ", each.text);
    if (rule == BitRule::Any) continue;
    wanted += concat(wanted.empty() ? "" : ", ", each.text, " ", text_of(rule));
  }
  context.judge.check(Check::SnpGuestPolicy, passed, wanted.empty() ? "any" : wanted,
                      got.empty() ? "all off" : concat("on: ", got));
}

std::string platform_name(unsigned bit) {
  const auto found = std::ranges::find(snp::all_platform_bits, static_cast<snp::PlatformBit>(bit));
  return found == snp::all_platform_bits.end() ? concat("bit ", bit)
                                               : std::string(to_string(*found));
}

std::string platform_text(std::uint64_t info) {
  std::string names;
  for (unsigned bit = 0; bit < 64; ++bit) {
    if ((info >> bit & 1U) != 0) names += concat(names.empty() ? "" : ", ", platform_name(bit));
  }
  return names.empty() ? hex_number(info) : concat(hex_number(info), ": ", names);
}

void judge_platform_bits(Context& context) {
  const snp::Report& report = context.evidence.report;
  const SnpPolicy& policy = context.policy.snp;
  bool passed = true;
  std::string wanted;
  for (unsigned bit = 0; bit < 64; ++bit) {
    const BitRule rule = policy.platform[bit];
    if (rule == BitRule::Any) continue;
    passed = passed && fits(rule, (report.platform_info >> bit & 1U) != 0);
    wanted += concat(wanted.empty() ? "" : ", ", platform_name(bit), " ", text_of(rule));
  }
  context.judge.check(Check::SnpPlatform, passed, wanted.empty() ? "any" : wanted,
                      platform_text(report.platform_info));
  const bool asked = (policy.launch_mitigations | policy.current_mitigations) != 0;
  const std::uint64_t launch = report.launch_mitigations.value_or(0);
  const std::uint64_t current = report.current_mitigations.value_or(0);
  const bool there = (launch & policy.launch_mitigations) == policy.launch_mitigations &&
                     (current & policy.current_mitigations) == policy.current_mitigations;
  context.judge.check(Check::SnpMitigations, there,
                      asked ? concat("launch ", hex_number(policy.launch_mitigations), ", current ",
                                     hex_number(policy.current_mitigations))
                            : "any",
                      report.launch_mitigations
                          ? concat("launch ", hex_number(launch), ", current ", hex_number(current))
                          : concat("none in a version ", report.version, " report"));
}

/// Whether the key that signed the ID block may have been this. Where the policy names author keys
/// and no id key, the author key has vouched for whichever it is.
bool accepts_id_key(const snp::Report& report, const SnpPolicy& policy, bool author_is_named) {
  if (policy.id_key.contains(report.id_key_digest)) return true;
  return author_is_named && policy.id_key == accept_zero<snp::IdKeyDigest>();
}

/// The keys of the ID block, which sets family, image and version of the guest: whoever launches
/// can bring one of his own, so keys that nobody named must be none.
void judge_keys(Context& context) {
  const snp::Report& report = context.evidence.report;
  const SnpPolicy& policy = context.policy.snp;
  Judge& judge = context.judge;
  // Without AUTHOR_KEY_EN the digest is zero, and stands for no key.
  const bool author = report.author_key_enabled
                          ? !report.author_key_digest.is_zero() &&
                                policy.author_key.contains(report.author_key_digest)
                          : policy.author_key.contains(snp::AuthorKeyDigest{});
  const bool author_is_named = author && report.author_key_enabled && !policy.author_key.is_any();
  const bool refused =
      std::ranges::find(policy.refused_id_key, report.id_key_digest) != policy.refused_id_key.end();
  judge.check(Check::SnpIdKey, accepts_id_key(report, policy, author_is_named) && !refused,
              wanted_of(policy.id_key),
              concat(hex_of(report.id_key_digest), refused ? " (refused by name)" : ""),
              refused ? "" : in_policy("snp", "id_key_sha384", hex_of(report.id_key_digest)));
  judge.check(Check::SnpAuthorKey, author, wanted_of(policy.author_key),
              report.author_key_enabled ? hex_of(report.author_key_digest) : "no author key",
              report.author_key_enabled
                  ? in_policy("snp", "author_key_sha384", hex_of(report.author_key_digest))
                  : "");
}

void judge_identities(Context& context) {
  const snp::Report& report = context.evidence.report;
  const SnpPolicy& policy = context.policy.snp;
  Judge& judge = context.judge;
  judge.check(Check::SnpGuestSvn, report.guest_svn >= policy.min_guest_svn,
              concat("at least ", policy.min_guest_svn), concat(report.guest_svn));
  judge_keys(context);
  judge.check(Check::SnpHostData, policy.host_data.contains(report.host_data),
              wanted_of(policy.host_data), hex_of(report.host_data),
              in_policy("snp", "host_data", hex_of(report.host_data)));
  judge.check(
      Check::SnpIds,
      matches(policy.family_id, report.family_id) && matches(policy.image_id, report.image_id),
      concat("family ", policy.family_id ? hex_of(*policy.family_id) : "any", ", image ",
             policy.image_id ? hex_of(*policy.image_id) : "any"),
      concat("family ", hex_of(report.family_id), ", image ", hex_of(report.image_id)));
  const bool refused = std::ranges::find(policy.refused_measurement, report.measurement) !=
                       policy.refused_measurement.end();
  judge.check(Check::SnpMeasurement, policy.measurement.contains(report.measurement) && !refused,
              wanted_of(policy.measurement),
              concat(hex_of(report.measurement), refused ? " (refused by name)" : ""));
}

void claim(Judge& judge, const snp::Report& report) {
  judge.claim("measurement", hex_of(report.measurement));
  judge.claim("report version", concat(report.version));
  judge.claim("policy", hex_number(report.policy.bits));
  judge.claim("debug", report.policy.debug() ? "yes" : "no");
  judge.claim("VMPL", report.vmpl == snp::host_vmpl ? "host" : concat(report.vmpl));
  judge.claim("guest SVN", concat(report.guest_svn));
  judge.claim("host data", hex_of(report.host_data));
  judge.claim("id key digest", hex_of(report.id_key_digest));
  judge.claim("author key digest",
              report.author_key_enabled ? hex_of(report.author_key_digest) : "none");
  judge.claim("family id", hex_of(report.family_id));
  judge.claim("image id", hex_of(report.image_id));
  judge.claim("chip id", hex_of(report.chip_id));
  judge.claim("platform info", hex_number(report.platform_info));
  judge.claim("committed firmware", verify::text_of(report.committed));
  judge.claim("report data", hex_of(report.report_data));
}

}  // namespace

void judge_guest(Context& context) {
  judge_vmpl(context);
  judge_policy_bits(context);
  judge_guest_bits(context);
  judge_platform_bits(context);
  judge_identities(context);
  claim(context.judge, context.evidence.report);
}

}  // namespace merlon::verify::sev_snp
