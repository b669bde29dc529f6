#include "merlon/delivery/challenge.h"

#include "merlon/os/random.h"
#include "merlon/x509/issue.h"

namespace merlon::delivery {

using core::ErrorCode;
using core::Result;

Nonce nonce_of(const TenantKey& tenant, const Salt& salt) noexcept {
  constexpr std::string_view prefix = "merlon/tenant/v1";
  const auto digest = crypto::sha256({core::as_bytes(prefix), tenant.view(), salt.view()});
  return Nonce::from(digest.view()).value();
}

crypto::Sha256Digest name_of(const TenantKey& tenant) {
  return crypto::sha256({x509::subject_public_key_info(crypto::KeyKind::P256, tenant.view())});
}

Result<Challenge> Challenge::make(crypto::PrivateKey key) {
  std::array<std::uint8_t, Salt::size> salt{};
  if (!os::fill_random(salt)) return core::error(ErrorCode::Internal, "no random numbers");
  return with_salt(std::move(key), TRY(Salt::from(salt)));
}

Result<Challenge> Challenge::with_salt(crypto::PrivateKey key, const Salt& salt) {
  if (key.kind() != crypto::KeyKind::P256) {
    return core::error(ErrorCode::Unsupported, "a tenant's key is of P-256");
  }
  const auto point = TRY(key.point());
  return Challenge(std::move(key), TRY(TenantKey::from(point)), salt);
}

}  // namespace merlon::delivery
