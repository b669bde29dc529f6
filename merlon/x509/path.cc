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

}  // namespace merlon::x509
