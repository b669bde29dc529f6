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
  /// `moment` is borrowed and must outlive the judge.
  Judge(evidence::Technology technology, const Moment& moment);

  /// One check; gives `passed` back. A check made twice passes only if both pass. `to_accept` as in
  /// Finding, and dropped where the check passed.
  bool check(Check check, bool passed, std::string wanted, std::string got,
             std::string to_accept = {});
  /// A check that cannot be made because something before it failed.
  void cannot(Check check, std::string why, Cause cause = Cause::Other);
  /// A check with all that is known of it.
  void record(Finding finding);
  /// What is no reason to refuse and must be known all the same.
  void warn(std::string what);

  /// What a vendor has signed: for the caller to remember, if each of the checks on which it rests
  /// passes, or fails only since a list is over, whatever the verdict is. Only of what is under a
  /// vendor's own root and did not come along with the evidence.
  void saw(Memory what, std::vector<Check> rests_on);

  void claim(std::string name, std::string value);
  void use(const x509::Certificate& certificate, std::string_view what);
  void use(const x509::Crl& list, std::string_view what);
  void use(Lifetime lifetime);
  /// The verdict must not be kept longer than this.
  void expire_by(codec::UnixTime time);

  /// The appraisal that is being made; its verdict stays Refused until finish().
  [[nodiscard]] Appraisal& appraisal() noexcept { return appraisal_; }
  [[nodiscard]] codec::UnixTime now() const noexcept { return moment_.now; }
  [[nodiscard]] const Moment& moment() const noexcept { return moment_; }

  /// Accepted only if every check that concerns the technology was made and passed.
  [[nodiscard]] Appraisal finish();

 private:
  const Moment& moment_;
  Appraisal appraisal_;
  struct Sighting {
    Memory what;
    std::vector<Check> rests_on;
  };
  [[nodiscard]] bool stands(Check check) const;

  std::map<Check, Finding> findings_;
  std::vector<Sighting> sightings_;
};

/// Which checks the rules of a path belong to.
struct PathChecks {
  Check anchor, signatures, names, validity, constraints;
};

/// Judges a path by its rules, one check for each group of them. Gives whether its signatures lead
/// to a pinned key, whatever else is wrong with it.
bool judge_path(Judge& judge, const x509::Path& path, std::span<const x509::AnchorId> anchors,
                const x509::SignatureMemo& memo, const PathChecks& checks);

/// Whether none of the problems of a path is that its signatures do not lead to a pinned key.
[[nodiscard]] bool is_vouched(std::span<const x509::PathProblem> problems) noexcept;

/// How many lists an issuer keeps up at a time.
enum class ListsOfIssuer : std::uint8_t {
  One,
  Several,  ///< of which none says that it is newer than another: nothing is remembered of them
  SeveralWithoutVleks,  ///< those, but one that is known to be about VLEKs vouches for nothing
};

/// What is known of who issues lists.
struct ListIssuer {
  const x509::Certificate& certificate;
  ListsOfIssuer lists;
  /// Signatures lead from it to a vendor's own root, so that its list is worth remembering.
  bool vendors;
  std::vector<Check> rests_on;  ///< by which checks it is who it seems
};

/// One check whether `subject` is revoked by a list of its issuer's.
void judge_revocation(Judge& judge, Check check, const x509::Certificate& subject,
                      const ListIssuer& issuer, const Collateral& collateral, const Policy& policy,
                      const x509::SignatureMemo& memo);

/// "92 days old where the policy allows 30"
[[nodiscard]] std::string age_text(Aging what, codec::UnixTime issued, codec::UnixTime now,
                                   const Policy& policy);

/// "any" or the values, for `wanted`.
[[nodiscard]] std::string list_of(const std::vector<std::string>& values);

}  // namespace merlon::verify
