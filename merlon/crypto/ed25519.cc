#include "merlon/crypto/ed25519.h"

#include <openssl/err.h>

#include "merlon/crypto/owned.h"
#include "merlon/crypto/ready.h"

namespace merlon::crypto {

bool verify_ed25519(const Ed25519PublicKey& key, core::ByteView message,
                    core::ByteView signature) noexcept {
  constexpr std::size_t signature_size = 64;
  if (signature.size() != signature_size || !ready()) return false;
  const Owned<EVP_PKEY> imported(EVP_PKEY_new_raw_public_key_ex(
      nullptr, "ED25519", nullptr, key.view().data(), Ed25519PublicKey::size));
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  const bool holds = imported != nullptr && context != nullptr &&
                     EVP_DigestVerifyInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr,
                                             imported.get(), nullptr) == 1 &&
                     EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                                      message.data(), message.size()) == 1;
  ERR_clear_error();
  return holds;
}

}  // namespace merlon::crypto
