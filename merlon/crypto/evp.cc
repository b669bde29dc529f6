#include "merlon/crypto/evp.h"

namespace merlon::crypto {

const EVP_MD* evp_of(HashKind kind) noexcept {
  switch (kind) {
    case HashKind::Sha256: return EVP_sha256();
    case HashKind::Sha384: return EVP_sha384();
    case HashKind::Sha512: return EVP_sha512();
  }
  return nullptr;
}

Owned<EVP_PKEY> import_key(const char* type, int selection, OSSL_PARAM* params) noexcept {
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, selection, params) != 1) {
    return nullptr;
  }
  return Owned<EVP_PKEY>(key);
}

}  // namespace merlon::crypto
