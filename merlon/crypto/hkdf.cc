#include "merlon/crypto/hkdf.h"

#include <array>

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "merlon/core/check.h"
#include "merlon/crypto/owned.h"
#include "merlon/crypto/ready.h"

namespace merlon::crypto {

namespace {

OSSL_PARAM octets(const char* name, core::ByteView bytes) noexcept {
  // SAFETY: the library has one type for what it reads and what it writes; these it reads. An
  // address is wanted for nothing at all as well.
  static constexpr std::uint8_t none = 0;
  const std::uint8_t* const start = bytes.empty() ? &none : bytes.data();
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::uint8_t*>(start), bytes.size());
}

/// One step: `name` is what stands beside the key in it.
SecretBytes derive(int mode, core::ByteView key, const char* name, core::ByteView beside,
                   std::size_t size) noexcept {
  MERLON_CHECK(ready());
  const Owned<EVP_KDF> algorithm(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const Owned<EVP_KDF_CTX> context(EVP_KDF_CTX_new(algorithm.get()));
  std::array<char, 7> hash{"SHA256"};
  const std::array params{OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
                          OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hash.data(), 0),
                          octets(OSSL_KDF_PARAM_KEY, key), octets(name, beside),
                          OSSL_PARAM_construct_end()};
  std::vector<std::uint8_t> derived(size);
  MERLON_CHECK(context != nullptr &&
               EVP_KDF_derive(context.get(), derived.data(), size, params.data()) == 1);
  return SecretBytes(std::move(derived));
}

}  // namespace

SecretBytes hkdf_extract(core::ByteView salt, core::ByteView secret) noexcept {
  return derive(EVP_KDF_HKDF_MODE_EXTRACT_ONLY, secret, OSSL_KDF_PARAM_SALT, salt,
                hkdf_secret_size);
}

SecretBytes hkdf_expand(core::ByteView key, core::ByteView info, std::size_t size) noexcept {
  return derive(EVP_KDF_HKDF_MODE_EXPAND_ONLY, key, OSSL_KDF_PARAM_INFO, info, size);
}

}  // namespace merlon::crypto
