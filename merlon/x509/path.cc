#include "merlon/x509/path.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/x509/name.h"

namespace merlon::x509 {

namespace {

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

PathBuilder::PathBuilder(std::span<const Certificate> pool, std::vector<AnchorId> anchors,
                         codec::UnixTime now, const SignatureMemo& memo)
    : pool_(pool), anchors_(std::move(anchors)), now_(now), memo_(memo), known_(pool.size()) {}

Path PathBuilder::build(const Certificate& leaf) {
  Path path{leaf};
  while (path.size() < max_size && !path.back().is_self_issued()) {
    const Certificate* issuer = issuer_of(path.back(), max_size - path.size() - 1);
    if (issuer == nullptr) break;
    path.push_back(*issuer);
  }
  return path;
}

Standing PathBuilder::standing_of(const Certificate& leaf) {
  return std::min(standing(leaf, max_size - 1),
                  leaf.validity().contains(now_) ? Standing::Current : Standing::Vouched);
}

/// By what is above `certificate`; its own rules are left to the caller.
Standing PathBuilder::standing(const Certificate& certificate, std::size_t above) {
  if (certificate.is_self_issued()) {
    const bool pinned = std::ranges::find(anchors_, anchor_of(certificate)) != anchors_.end() &&
                        memo_.holds(certificate.key(), certificate.signature());
    return pinned ? Standing::Current : Standing::None;
  }
  Standing best = Standing::None;
  for (std::size_t i = 0; i < pool_.size() && above > 0; ++i) {
    if (!std::ranges::equal(pool_[i].subject(), certificate.issuer())) continue;
    const Standing candidate = issuer_standing(i, above - 1);
    const bool better = best < candidate && memo_.holds(pool_[i].key(), certificate.signature());
    if (better) best = candidate;
  }
  return best;
}

Standing PathBuilder::issuer_standing(std::size_t index, std::size_t above) {
  std::optional<Standing>& known = known_[index][above];
  if (!known) {
    const Certificate& issuer = pool_[index];
    const auto& constraints = issuer.basic_constraints();
    const bool fit = issuer.validity().contains(now_) && constraints && constraints->ca &&
                     issuer.may(KeyUsage::KeyCertSign);
    known = std::min(standing(issuer, above), fit ? Standing::Current : Standing::Vouched);
  }
  return *known;
}

const Certificate* PathBuilder::issuer_of(const Certificate& certificate, std::size_t above) {
  std::vector<std::size_t> candidates;
  for (std::size_t i = 0; i < pool_.size(); ++i) {
    if (std::ranges::equal(pool_[i].subject(), certificate.issuer())) candidates.push_back(i);
  }
  if (candidates.empty()) return nullptr;
  const Certificate* best = &pool_[candidates.front()];
  const auto is_copy = [&](std::size_t i) {
    return std::ranges::equal(pool_[i].der(), best->der());
  };
  if (std::ranges::all_of(candidates, is_copy)) return best;
  auto best_rank = std::pair{Standing::None, best->validity().contains(now_)};
  for (const std::size_t i : candidates) {
    auto rank = std::pair{issuer_standing(i, above), pool_[i].validity().contains(now_)};
    if (rank <= best_rank) continue;
    if (rank.first != Standing::None && !memo_.holds(pool_[i].key(), certificate.signature())) {
      rank.first = Standing::None;
    }
    if (rank <= best_rank) continue;
    best = &pool_[i];
    best_rank = rank;
  }
  return best;
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
