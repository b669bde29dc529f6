#include "merlon/x509/path.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/x509/name.h"

namespace merlon::x509 {

namespace {

constexpr std::size_t max_path = 5;

class PathJudge {
 public:
  PathJudge(const Path& path, codec::UnixTime now, const SignatureMemo& memo)
      : path_(path), now_(now), memo_(memo) {}

  void judge_anchor(std::span<const AnchorId> anchors) {
    if (path_.empty()) {
      problems_.push_back({PathRule::Anchor, "", "there is no certificate"});
      return;
    }
    if (std::ranges::find(anchors, anchor_of(path_.back())) == anchors.end()) {
      add(PathRule::Anchor, path_.back(), "its key is not a pinned root key");
    }
  }

  void judge(std::size_t index) {
    const Certificate& certificate = path_[index];
    const bool is_root = index + 1 == path_.size();
    const Certificate& issuer = is_root ? certificate : path_[index + 1];
    if (!std::ranges::equal(certificate.issuer(), issuer.subject())) {
      add(PathRule::NameChaining, certificate, "its issuer has another name");
    }
    if (!memo_.holds(issuer.key(), certificate.signature())) {
      add(PathRule::Signature, certificate, "its issuer's key did not sign it");
    }
    if (!certificate.validity().contains(now_)) {
      add(PathRule::Validity, certificate,
          base::concat("valid from ", codec::to_rfc3339(certificate.validity().not_before), " to ",
                       codec::to_rfc3339(certificate.validity().not_after)));
    }
    if (certificate.has_unknown_critical()) {
      add(PathRule::CriticalExtension, certificate, "has an unknown critical extension");
    }
    judge_constraints(index);
  }

  std::vector<PathProblem> take() { return std::move(problems_); }

 private:
  void add(PathRule rule, const Certificate& certificate, std::string what) {
    problems_.push_back({rule, name_text(certificate.subject()), std::move(what)});
  }

  void judge_constraints(std::size_t index) {
    const Certificate& certificate = path_[index];
    const auto& constraints = certificate.basic_constraints();
    if (index == 0 && path_.size() > 1) {
      if (constraints && constraints->ca)
        add(PathRule::CaConstraint, certificate, "the leaf is a CA");
      if (certificate.has_key_usage() && !certificate.may(KeyUsage::DigitalSignature)) {
        add(PathRule::KeyUsage, certificate, "may not sign data");
      }
      return;
    }
    if (!constraints || !constraints->ca) add(PathRule::CaConstraint, certificate, "is no CA");
    if (!certificate.may(KeyUsage::KeyCertSign)) {
      add(PathRule::KeyUsage, certificate, "may not sign certificates");
    }
    // Intermediates below this one that are not self-issued count; the leaf does not.
    std::size_t below = 0;
    for (std::size_t i = 1; i < index; ++i) below += path_[i].is_self_issued() ? 0U : 1U;
    if (constraints && constraints->path_length && below > *constraints->path_length) {
      add(PathRule::PathLength, certificate, "more CAs below it than it allows");
    }
  }

  const Path& path_;
  codec::UnixTime now_;
  const SignatureMemo& memo_;
  std::vector<PathProblem> problems_;
};

}  // namespace

AnchorId anchor_of(const Certificate& certificate) noexcept {
  return crypto::sha256({certificate.key().spki});
}

std::vector<PathProblem> judge_path(const Path& path, std::span<const AnchorId> anchors,
                                    codec::UnixTime now, const SignatureMemo& memo) {
  PathJudge judge(path, now, memo);
  judge.judge_anchor(anchors);
  for (std::size_t i = 0; i < path.size(); ++i) judge.judge(i);
  return judge.take();
}

Path build_path(const Certificate& leaf, std::span<const Certificate> pool, codec::UnixTime now,
                const SignatureMemo& memo) {
  Path path{leaf};
  while (path.size() < max_path && !path.back().is_self_issued()) {
    const Certificate* best = nullptr;
    int best_score = -1;
    for (const Certificate& candidate : pool) {
      if (!std::ranges::equal(candidate.subject(), path.back().issuer())) continue;
      // Computing a signature is dear: only where there is a choice to make.
      const bool only =
          best == nullptr && std::ranges::count_if(pool, [&](const auto& other) {
                               return std::ranges::equal(other.subject(), candidate.subject()) &&
                                      !std::ranges::equal(other.der(), candidate.der());
                             }) == 0;
      const int score = only ? 3
                             : (memo.holds(candidate.key(), path.back().signature()) ? 2 : 0) +
                                   (candidate.validity().contains(now) ? 1 : 0);
      if (score > best_score) {
        best = &candidate;
        best_score = score;
      }
      if (score == 3) break;
    }
    if (best == nullptr) break;
    path.push_back(*best);
  }
  return path;
}

std::string_view to_string(RevocationState state) noexcept {
  switch (state) {
    case RevocationState::Unknown: return "no revocation list of its issuer";
    case RevocationState::BadSignature: return "revocation list not signed by its issuer";
    case RevocationState::Stale: return "revocation list not valid at this time";
    case RevocationState::Revoked: return "revoked";
    case RevocationState::Good: return "not revoked";
  }
  return "unknown";
}

Revocation judge_revocation(const Certificate& subject, const Certificate& issuer,
                            std::span<const Crl> lists, codec::UnixTime now,
                            const SignatureMemo& memo) {
  Revocation newest;
  for (const Crl& list : lists) {
    if (!std::ranges::equal(list.issuer(), issuer.subject())) continue;
    // A CA that may not sign lists cannot speak about revocation. [RFC5280 §6.3.3 (f)]
    const bool good = issuer.may(KeyUsage::CrlSign) && memo.holds(issuer.key(), list.signature());
    if (!good) {
      if (newest.list == nullptr) newest.state = RevocationState::BadSignature;
      continue;
    }
    if (list.lists(subject.serial())) return {RevocationState::Revoked, &list};
    const bool fresh = list.validity().contains(now);
    const RevocationState state = fresh ? RevocationState::Good : RevocationState::Stale;
    const bool better =
        newest.list == nullptr ||
        (fresh ? newest.state == RevocationState::Stale ||
                     newest.list->validity().not_before < list.validity().not_before
               : newest.state == RevocationState::Stale &&
                     newest.list->validity().not_before < list.validity().not_before);
    if (better) newest = {state, &list};
  }
  return newest;
}

}  // namespace merlon::x509
