#include "merlon/crypto/aes_cmac.h"

#include <array>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "merlon/core/check.h"
#include "merlon/crypto/ready.h"

namespace merlon::crypto {

AesCmac aes_cmac(core::ByteView key, core::ByteView message) noexcept {
  MERLON_CHECK(ready() && key.size() == aes_cmac_key_size);
  static constexpr std::uint8_t none = 0;
  std::array<std::uint8_t, AesCmac::size> code{};
  std::size_t size = 0;
  MERLON_CHECK(EVP_Q_mac(nullptr, "CMAC", nullptr, "AES-128-CBC", nullptr, key.data(), key.size(),
                         message.empty() ? &none : message.data(), message.size(), code.data(),
                         code.size(), &size) != nullptr &&
               size == code.size());
  return *AesCmac::from(code);
}

bool is_same(core::ByteView code, core::ByteView other) noexcept {
  return code.size() == other.size() && CRYPTO_memcmp(code.data(), other.data(), code.size()) == 0;
}

}  // namespace merlon::crypto
