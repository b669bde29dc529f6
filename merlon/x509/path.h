#pragma once

// Whether a path of certificates holds, and every reason why not [RFC5280 §6]. Pure: `now` is an
// argument, trust is a pinned key, and certificates and lists are attacker-controlled.

#include <span>
#include <string>
#include <vector>

#include "merlon/x509/certificate.h"

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

}  // namespace merlon::x509
