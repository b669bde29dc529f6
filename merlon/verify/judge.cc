#include "merlon/verify/judge.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/verify/revoked.h"
#include "merlon/x509/name.h"
#include "merlon/x509/revocation.h"

namespace merlon::verify {

using base::concat;

Judge::Judge(evidence::Technology technology, const Moment& moment) : moment_(moment) {
  appraisal_.technology = technology;
  appraisal_.time = moment.now;
}

bool Judge::check(Check check, bool passed, std::string wanted, std::string got,
                  std::string to_accept) {
  if (passed) to_accept.clear();
  record(
      {check, passed, true, std::move(wanted), std::move(got), Cause::Other, std::move(to_accept)});
  return passed;
}

void Judge::cannot(Check check, std::string why, Cause cause) {
  record({check, false, false, std::string(row_of(check).holds), "not judged: " + std::move(why),
          cause});
}

void Judge::warn(std::string what) {
  auto& all = appraisal_.warnings;
  if (std::ranges::find(all, what) == all.end()) all.push_back(std::move(what));
}

void Judge::record(Finding finding) {
  const auto found = findings_.find(finding.check);
  if (found == findings_.end()) {
    findings_.emplace(finding.check, std::move(finding));
  } else if (found->second.passed && !finding.passed) {
    found->second = std::move(finding);
  }
}

void Judge::saw(Memory what, std::vector<Check> rests_on) {
  sightings_.push_back({std::move(what), std::move(rests_on)});
}

bool Judge::stands(Check check) const {
  const auto found = findings_.find(check);
  // A list that is over and does not have the signer leaves nothing open but the time since.
  return found != findings_.end() &&
         (found->second.passed || found->second.cause == Cause::StaleEndorsement);
}

void Judge::claim(std::string name, std::string value) {
  appraisal_.claims.push_back({std::move(name), std::move(value)});
}

void Judge::use(Lifetime lifetime) {
  const bool known = std::ranges::any_of(appraisal_.lifetimes, [&](const Lifetime& each) {
    return each.what == lifetime.what && each.name == lifetime.name && each.until == lifetime.until;
  });
  if (known) return;
  expire_by(lifetime.until);
  appraisal_.lifetimes.push_back(std::move(lifetime));
}

void Judge::expire_by(codec::UnixTime time) {
  if (!appraisal_.expiry || time < *appraisal_.expiry) appraisal_.expiry = time;
}

void Judge::use(const x509::Certificate& certificate, std::string_view what) {
  use({std::string(what), x509::name_text(certificate.subject()), certificate.validity().not_before,
       certificate.validity().not_after, true});
}

void Judge::use(const x509::Crl& list, std::string_view what) {
  use({std::string(what), x509::name_text(list.issuer()), list.validity().not_before,
       list.validity().not_after, false});
}

Appraisal Judge::finish() {
  for (const Sighting& each : sightings_) {
    const bool holds =
        std::ranges::all_of(each.rests_on, [&](Check check) { return stands(check); });
    if (holds) appraisal_.seen.merge(each.what);
  }
  bool all_passed = true;
  for (const CheckRow& row : all_checks()) {
    if (!concerns(row, appraisal_.technology)) continue;
    const auto found = findings_.find(row.check);
    if (found == findings_.end()) {
      // Whoever forgets a check gets a no, not a yes.
      appraisal_.findings.push_back(
          {row.check, false, false, std::string(row.holds), "was not judged"});
      all_passed = false;
      continue;
    }
    all_passed = all_passed && found->second.passed;
    appraisal_.findings.push_back(std::move(found->second));
  }
  // A table that forgets a technology must not lose a no.
  for (const auto& [check, finding] : findings_) {
    if (!finding.passed && !concerns(row_of(check), appraisal_.technology)) all_passed = false;
  }
  appraisal_.verdict =
      all_passed && !appraisal_.findings.empty() ? Verdict::Accepted : Verdict::Refused;
  return std::move(appraisal_);
}

namespace {

Check check_of(x509::PathRule rule, const PathChecks& checks) noexcept {
  switch (rule) {
    case x509::PathRule::Anchor: return checks.anchor;
    case x509::PathRule::Signature: return checks.signatures;
    case x509::PathRule::NameChaining: return checks.names;
    case x509::PathRule::Validity: return checks.validity;
    case x509::PathRule::CaConstraint:
    case x509::PathRule::KeyUsage:
    case x509::PathRule::PathLength:
    case x509::PathRule::CriticalExtension: return checks.constraints;
  }
  return checks.anchor;
}

}  // namespace

bool is_vouched(std::span<const x509::PathProblem> problems) noexcept {
  return std::ranges::none_of(problems, [](const x509::PathProblem& each) {
    return each.rule == x509::PathRule::Anchor || each.rule == x509::PathRule::Signature;
  });
}

bool judge_path(Judge& judge, const x509::Path& path, std::span<const x509::AnchorId> anchors,
                const x509::SignatureMemo& memo, const PathChecks& checks) {
  const auto problems = x509::judge_path(path, anchors, judge.now(), memo);
  for (const Check check :
       {checks.anchor, checks.signatures, checks.names, checks.validity, checks.constraints}) {
    std::string got;
    for (const x509::PathProblem& problem : problems) {
      if (check_of(problem.rule, checks) != check) continue;
      got += concat(got.empty() ? "" : "; ", problem.subject, problem.subject.empty() ? "" : ": ",
                    problem.what);
    }
    const bool passed = got.empty();
    if (passed) got = concat(path.size(), " certificates");
    judge.check(check, passed, std::string(row_of(check).holds), std::move(got));
  }
  return is_vouched(problems);
}

namespace {

constexpr std::string_view fresh_list = "a fresh list that does not have it";

/// What the lists say. Those that came along with the evidence were chosen by who sent it: what
/// they have is revoked, and what they do not have may be on a newer one.
x509::Revocation look_up(const x509::Certificate& subject, const ListIssuer& issuer,
                         const Collateral& collateral, const Policy& policy, codec::UnixTime now,
                         const x509::SignatureMemo& memo) {
  using x509::RevocationState;
  const auto look = [&](std::span<const x509::Crl> lists) {
    return x509::judge_revocation(subject, issuer.certificate, lists, now, memo);
  };
  std::size_t passed_over = 0;  // of our own
  if (issuer.lists == ListsOfIssuer::SeveralWithoutVleks) {
    const x509::Revocation vleks = look(collateral.vlek_lists());
    if (vleks.state == RevocationState::Revoked) return vleks;
    passed_over = collateral.vlek_list_count;
  }
  if (policy.carried_lists) return look(std::span(collateral.lists).subspan(passed_over));
  const x509::Revocation carried = look(collateral.carried_lists());
  if (carried.state == RevocationState::Revoked) return carried;
  return look(collateral.own_lists().subspan(passed_over));
}

std::string list_text(const x509::Revocation& revocation) {
  std::string text(to_string(revocation.state));
  if (revocation.list == nullptr) return text;
  const x509::Validity& validity = revocation.list->validity();
  return text + concat(" (list of ", codec::to_rfc3339(validity.not_before), " to ",
                       codec::to_rfc3339(validity.not_after), ")");
}

/// A fresh list that does not have the certificate: is it young enough, and no older than another
/// that was there before?
void judge_good(Judge& judge, Check check, const x509::Crl& list, const x509::AnchorId* remembered,
                const Policy& policy, std::string got) {
  const codec::UnixTime issued = list.validity().not_before;
  judge.use(list, "revocation list");
  if (const auto last = policy.last_second_of(Aging::List, issued)) judge.expire_by(*last);
  const bool young = policy.is_young_enough(Aging::List, issued, judge.now());
  if (!young) got += concat(", ", age_text(Aging::List, issued, judge.now(), policy));
  bool newest = true;
  if (remembered != nullptr) {
    const auto& seen = judge.moment().memory.lists;
    const auto found = seen.find(*remembered);
    newest = found == seen.end() || found->second <= issued;
    if (!newest) {
      got +=
          concat(", older than one of ", codec::to_rfc3339(found->second), " that was seen before");
    }
  }
  judge.record({check, young && newest, true, std::string(fresh_list), std::move(got),
                young && newest ? Cause::Other : Cause::StaleEndorsement});
}

/// For who remembers; by its issuer, where that has one list at a time.
Memory seen_of(const x509::Crl& list, const x509::AnchorId* issuer) {
  Memory seen;
  seen.newest_issue = list.validity().not_before;
  if (issuer != nullptr) seen.lists[*issuer] = seen.newest_issue;
  return seen;
}

void judge_missing(Judge& judge, Check check, bool carried, const Collateral& collateral,
                   const Policy& policy, std::string got) {
  if (carried) {
    got += "; one came along with the evidence, and who sends that chooses which";
  }
  if (policy.revocation == RevocationRule::IfPresent && collateral.unreadable_lists > 0) {
    got += "; and of those that are there one cannot be read";  // it may be the one
  } else if (policy.revocation == RevocationRule::IfPresent) {
    judge.check(check, true, "not on a list, if there is one", got + "; the policy allows that");
    return;
  }
  judge.record({check, false, true, std::string(fresh_list), std::move(got),
                Cause::MissingEndorsement, carried ? "carried_lists = true" : ""});
}

}  // namespace

void judge_revocation(Judge& judge, Check check, const x509::Certificate& subject,
                      const ListIssuer& of, const Collateral& collateral, const Policy& policy,
                      const x509::SignatureMemo& memo) {
  const x509::Certificate& issuer = of.certificate;
  if (const auto at = known_revocation(subject, issuer)) {
    // Whatever list is there, and whatever the policy says of lists.
    judge.check(check, false, std::string(fresh_list), "revoked on " + codec::to_rfc3339(*at));
    return;
  }
  const x509::Revocation revocation = look_up(subject, of, collateral, policy, judge.now(), memo);
  const x509::AnchorId key = x509::anchor_of(issuer);
  const bool one = of.vendors && of.lists == ListsOfIssuer::One;
  // A list that says no is as good as one that says yes: what it has is not to be forgotten.
  const bool genuine = revocation.state == x509::RevocationState::Good ||
                       revocation.state == x509::RevocationState::Revoked;
  if (genuine && of.vendors && revocation.list != nullptr && collateral.is_own(*revocation.list)) {
    judge.saw(seen_of(*revocation.list, one ? &key : nullptr), of.rests_on);
  }
  switch (revocation.state) {
    case x509::RevocationState::Good:
      if (revocation.list == nullptr) break;  // good by which list?
      judge_good(judge, check, *revocation.list, one ? &key : nullptr, policy,
                 list_text(revocation));
      return;
    case x509::RevocationState::Unknown: {
      const bool carried =
          std::ranges::any_of(collateral.carried_lists(), [&](const x509::Crl& each) {
            return std::ranges::equal(each.issuer(), issuer.subject());
          });
      judge_missing(judge, check, carried, collateral, policy, list_text(revocation));
      return;
    }
    case x509::RevocationState::Stale:
      judge.record({check, false, true, std::string(fresh_list), list_text(revocation),
                    Cause::StaleEndorsement});
      return;
    case x509::RevocationState::BadSignature:
    case x509::RevocationState::Revoked: break;
  }
  judge.check(check, false, std::string(fresh_list), list_text(revocation));
}

std::string age_text(Aging what, codec::UnixTime issued, codec::UnixTime now,
                     const Policy& policy) {
  const auto days = [](std::int64_t seconds) { return seconds / codec::seconds_per_day; };
  return concat(days(now.seconds - issued.seconds), " days old where the policy allows ",
                days(policy.max_age.of(what).value_or(std::chrono::seconds(0)).count()));
}

std::string list_of(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += concat(text.empty() ? "" : ", ", value);
  return text.empty() ? "none" : text;
}

}  // namespace merlon::verify
