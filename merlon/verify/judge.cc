#include "merlon/verify/judge.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/verify/revoked.h"
#include "merlon/x509/name.h"
#include "merlon/x509/revocation.h"

namespace merlon::verify {

using base::concat;

Judge::Judge(evidence::Technology technology, codec::UnixTime now) {
  appraisal_.technology = technology;
  appraisal_.time = now;
}

bool Judge::check(Check check, bool passed, std::string wanted, std::string got) {
  record({check, passed, true, std::move(wanted), std::move(got)});
  return passed;
}

void Judge::cannot(Check check, std::string why) {
  record({check, false, false, std::string(row_of(check).holds), "not judged: " + std::move(why)});
}

void Judge::record(Finding finding) {
  const auto found = findings_.find(finding.check);
  if (found == findings_.end()) {
    findings_.emplace(finding.check, std::move(finding));
  } else if (found->second.passed && !finding.passed) {
    found->second = std::move(finding);
  }
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

void judge_path(Judge& judge, const x509::Path& path, std::span<const x509::AnchorId> anchors,
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
}

void judge_revocation(Judge& judge, Check check, const x509::Certificate& subject,
                      const x509::Certificate& issuer, const Collateral& collateral,
                      const Policy& policy, const x509::SignatureMemo& memo) {
  const x509::Revocation revocation =
      x509::judge_revocation(subject, issuer, collateral.lists, judge.now(), memo);
  const std::string wanted = "a fresh list that does not have it";
  std::string got(to_string(revocation.state));
  if (revocation.list != nullptr) {
    const x509::Validity& validity = revocation.list->validity();
    got += concat(" (list of ", codec::to_rfc3339(validity.not_before), " to ",
                  codec::to_rfc3339(validity.not_after), ")");
  }
  if (const auto at = known_revocation(subject, issuer)) {
    // Whatever list is there, and whatever the policy says of lists.
    judge.check(check, false, wanted, "revoked on " + codec::to_rfc3339(*at));
    return;
  }
  switch (revocation.state) {
    case x509::RevocationState::Good: {
      if (revocation.list == nullptr) break;  // good by which list?
      judge.use(*revocation.list, "revocation list");
      if (const auto last = policy.last_second_of(revocation.list->validity().not_before)) {
        judge.expire_by(*last);
      }
      const bool young =
          policy.is_young_enough(revocation.list->validity().not_before, judge.now());
      if (!young) {
        got += concat(", ", age_text(revocation.list->validity().not_before, judge.now(), policy));
      }
      judge.check(check, young, wanted, got);
      return;
    }
    case x509::RevocationState::Unknown:
      if (policy.revocation == RevocationRule::IfPresent && collateral.unreadable_lists > 0) {
        got += "; and of those that are there one cannot be read";  // it may be the one
      } else if (policy.revocation == RevocationRule::IfPresent) {
        judge.check(check, true, "not on a list, if there is one",
                    got + "; the policy allows that");
        return;
      }
      break;
    case x509::RevocationState::BadSignature:
    case x509::RevocationState::Stale:
    case x509::RevocationState::Revoked: break;
  }
  judge.check(check, false, wanted, got);
}

std::string age_text(codec::UnixTime issued, codec::UnixTime now, const Policy& policy) {
  const auto days = [](std::int64_t seconds) { return seconds / codec::seconds_per_day; };
  return concat(days(now.seconds - issued.seconds), " days old where the policy allows ",
                days(policy.max_age.value_or(std::chrono::seconds(0)).count()));
}

std::string list_of(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += concat(text.empty() ? "" : ", ", value);
  return text.empty() ? "none" : text;
}

}  // namespace merlon::verify
