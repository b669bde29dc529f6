#include "merlon/x509/revocation.h"

#include <algorithm>

namespace merlon::x509 {

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
