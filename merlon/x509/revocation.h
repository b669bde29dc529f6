#pragma once

// Whether an issuer has revoked a certificate [RFC5280 §6.3]. Pure: `now` is an argument, and lists
// are attacker-controlled.

#include <span>
#include <string_view>

#include "merlon/x509/crl.h"

namespace merlon::x509 {

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
