#include "merlon/door/terms.h"

#include <algorithm>

#include "merlon/base/text.h"

namespace merlon::door {

using base::concat;
using core::Result;

namespace {

/// Whose word the tenant's name is: the nonce was made of it.
Result<void, std::string> check_tenant(const crypto::Sha256Digest& wanted, const Opening& opening) {
  if (!opening.tenant) {
    return std::string("the tenant: this keep is for one whose key is named, and none was shown");
  }
  const crypto::Sha256Digest name = delivery::name_of(opening.tenant->key);
  if (name != wanted) {
    return concat("the tenant: this keep is for ", base::hex(wanted.view()), ", not for ",
                  base::hex(name.view()));
  }
  const auto nonce = delivery::nonce_of(opening.tenant->key, opening.tenant->salt);
  if (std::ranges::equal(nonce.view(), opening.request.offer.nonce)) return {};
  return std::string("the tenant: the challenge was not made by the key that was shown");
}

Result<void, std::string> check_policy(const crypto::Sha256Digest& wanted, const Opening& opening) {
  if (opening.policy == wanted) return {};
  return concat("the policy: this keep is for one judged by ", base::hex(wanted.view()),
                ", not by ", opening.policy ? base::hex(opening.policy->view()) : "none");
}

bool grants(const Terms& terms, const host::Wish& wish) noexcept {
  switch (wish.kind) {
    case host::Wish::Kind::Listen: return is_among(terms.listen, wish.host, wish.port);
    case host::Wish::Kind::Connect:
    case host::Wish::Kind::Allowed: return is_among(terms.connect, wish.host, wish.port);
    case host::Wish::Kind::Steward:
      return terms.steward && matches(*terms.steward, wish.host, wish.port);
    case host::Wish::Kind::Registry:
      return terms.registry && matches(*terms.registry, wish.host, wish.port);
    // Whose it is must be known, or one tenant's would be another's.
    case host::Wish::Kind::Volume: return terms.volumes && terms.tenant;
  }
  return false;
}

}  // namespace

Result<void, std::string> check(const Terms& terms, const Opening& opening) {
  if (opening.request.backend != terms.backend) {
    return concat("the backend: this keep is of ", host::name_of(terms.backend), ", not of ",
                  host::name_of(opening.request.backend));
  }
  if (terms.tenant) TRY(check_tenant(*terms.tenant, opening));
  if (terms.policy) TRY(check_policy(*terms.policy, opening));
  for (const host::Wish& wish : opening.request.offer.wishes) {
    if (!grants(terms, wish)) {
      return concat("the workload wants to ", host::describe(wish),
                    ", which this container does not grant");
    }
  }
  return {};
}

}  // namespace merlon::door
