#pragma once

// Private to the room: collects findings and comes to a verdict.

#include <map>

#include "merlon/verify/appraisal.h"
#include "merlon/verify/collateral.h"
#include "merlon/verify/policy.h"
#include "merlon/x509/path.h"

namespace merlon::verify {

class Judge {
 public:
  Judge(evidence::Technology technology, codec::UnixTime now);

  /// One check; gives `passed` back. A check made twice passes only if both pass.
  bool check(Check check, bool passed, std::string wanted, std::string got);
  /// A check that cannot be made because something before it failed.
  void cannot(Check check, std::string why);

  void claim(std::string name, std::string value);
  void use(const x509::Certificate& certificate, std::string_view what);
  void use(const x509::Crl& list, std::string_view what);
  void use(Lifetime lifetime);
  /// The verdict must not be kept longer than this.
  void expire_by(codec::UnixTime time);

  /// The appraisal that is being made; its verdict stays Refused until finish().
  [[nodiscard]] Appraisal& appraisal() noexcept { return appraisal_; }
  [[nodiscard]] codec::UnixTime now() const noexcept { return appraisal_.time; }

  /// Accepted only if every check that concerns the technology was made and passed.
  [[nodiscard]] Appraisal finish();

 private:
  void record(Finding finding);

  Appraisal appraisal_;
  std::map<Check, Finding> findings_;
};

/// Which checks the rules of a path belong to.
struct PathChecks {
  Check anchor, signatures, names, validity, constraints;
};

/// Judges a path by its rules, one check for each group of them.
void judge_path(Judge& judge, const x509::Path& path, std::span<const x509::AnchorId> anchors,
                const x509::SignatureMemo& memo, const PathChecks& checks);

/// One check whether `subject` is revoked by a list of `issuer`'s.
void judge_revocation(Judge& judge, Check check, const x509::Certificate& subject,
                      const x509::Certificate& issuer, const Collateral& collateral,
                      const Policy& policy, const x509::SignatureMemo& memo);

/// "92 days old where the policy allows 30"
[[nodiscard]] std::string age_text(codec::UnixTime issued, codec::UnixTime now,
                                   const Policy& policy);

/// "any" or the values, for `wanted`.
[[nodiscard]] std::string list_of(const std::vector<std::string>& values);

}  // namespace merlon::verify
