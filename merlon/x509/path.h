#pragma once

// Whether a path of certificates holds, and every reason why not [RFC5280 §6]. Pure: `now` is an
// argument, trust is a pinned key, and certificates and lists are attacker-controlled.

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "merlon/x509/crl.h"

namespace merlon::x509 {

/// SHA-256 of the SubjectPublicKeyInfo of a root: what is trusted is a key, not a certificate.
using AnchorId = crypto::Sha256Digest;

enum class PathRule : std::uint8_t {
  Anchor,             ///< the path ends in a pinned key
  Signature,          ///< each certificate is signed by the next, the root by itself
  NameChaining,       ///< issuer and subject names agree [RFC5280 §6.1.3 (a)(4)]
  Validity,           ///< [RFC5280 §6.1.3 (a)(2)]
  CaConstraint,       ///< issuers are CAs and the leaf is none [RFC5280 §6.1.4 (k)]
  KeyUsage,           ///< issuers may sign certificates [RFC5280 §6.1.4 (n)]
  PathLength,         ///< [RFC5280 §6.1.4 (m)]
  CriticalExtension,  ///< nothing critical is unknown [RFC5280 §6.1.4 (o), §6.1.5 (f)]
};

struct PathProblem {
  PathRule rule = PathRule::Anchor;
  std::string subject;  ///< whose certificate; harmless for a terminal
  std::string what;
};

using Path = std::vector<Certificate>;  ///< leaf first, root last

[[nodiscard]] AnchorId anchor_of(const Certificate& certificate) noexcept;

/// Every rule that `path` breaks; empty if it holds. An empty path breaks Anchor.
[[nodiscard]] std::vector<PathProblem> judge_path(const Path& path,
                                                  std::span<const AnchorId> anchors,
                                                  codec::UnixTime now, const SignatureMemo& memo);

/// How far a certificate is to be believed, as far as signatures and times say.
enum class Standing : std::uint8_t {
  None,
  Vouched,  ///< signatures lead to a pinned key
  Current,  ///< and all on the way up are valid, and may sign certificates
};

/// Looks for paths in a pool whose content and order are the attacker's [RFC4158]. A signature is
/// computed only where there is a choice, under keys that a pinned one vouches for, and once for
/// each pair: a pool full of namesakes takes no more time than one full of genuine certificates.
class PathBuilder {
 public:
  /// `pool` and `memo` are borrowed.
  PathBuilder(std::span<const Certificate> pool, std::vector<AnchorId> anchors, codec::UnixTime now,
              const SignatureMemo& memo);

  /// From `leaf` up to a self-issued certificate; at most five. Of several that have the name of an
  /// issuer, the one of the highest standing is taken that has signed, so that nothing that
  /// somebody adds to the pool displaces a good one; if there is none, whichever, to say what is
  /// wrong with it. Ends where no issuer is found.
  [[nodiscard]] Path build(const Certificate& leaf);

  [[nodiscard]] Standing standing_of(const Certificate& leaf);

 private:
  static constexpr std::size_t max_size = 5;

  Standing standing(const Certificate& certificate, std::size_t above);
  Standing issuer_standing(std::size_t index, std::size_t above);
  const Certificate* issuer_of(const Certificate& certificate, std::size_t above);

  std::span<const Certificate> pool_;
  std::vector<AnchorId> anchors_;
  codec::UnixTime now_;
  const SignatureMemo& memo_;
  /// Of each certificate of the pool as an issuer with so many above it; empty if not known yet.
  std::vector<std::array<std::optional<Standing>, max_size>> known_;
};

enum class RevocationState : std::uint8_t {
  Unknown,  ///< no list of this issuer
  BadSignature,
  Stale,  ///< nextUpdate has passed, or thisUpdate is still to come
  Revoked,
  Good,
};
[[nodiscard]] std::string_view to_string(RevocationState state) noexcept;

struct Revocation {
  RevocationState state = RevocationState::Unknown;
  const Crl* list = nullptr;  ///< that decided it; points into the lists given
};

/// Looks `subject` up in the newest list that `issuer` has signed. A serial number on any list with
/// a good signature is revoked, however old the list.
[[nodiscard]] Revocation judge_revocation(const Certificate& subject, const Certificate& issuer,
                                          std::span<const Crl> lists, codec::UnixTime now,
                                          const SignatureMemo& memo);

}  // namespace merlon::x509
