#pragma once

// What the vendors have revoked, as far as it is known here. A list proves only what stands in it:
// AMD has two of one issuer for each product and no mark of which is which, so whoever offers
// evidence could offer the one that does not have his certificate. See roots/README.md.

#include <optional>

#include "merlon/x509/path.h"

namespace merlon::verify {

/// When `issuer` revoked `subject`; nothing if nothing is known of that. Both are
/// attacker-controlled; an issuer counts by its key alone.
[[nodiscard]] std::optional<codec::UnixTime> known_revocation(
    const x509::Certificate& subject, const x509::Certificate& issuer) noexcept;

}  // namespace merlon::verify
