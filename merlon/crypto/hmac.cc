#include "merlon/crypto/hmac.h"

#include <array>

#include <openssl/evp.h>

#include "merlon/core/check.h"
#include "merlon/crypto/ready.h"

namespace merlon::crypto {

Sha256Digest hmac_sha256(core::ByteView key, core::ByteView message) noexcept {
  MERLON_CHECK(ready());
  static constexpr std::uint8_t none = 0;
  const auto start = [](core::ByteView bytes) { return bytes.empty() ? &none : bytes.data(); };
  std::array<std::uint8_t, Sha256Digest::size> digest{};
  std::size_t size = 0;
  MERLON_CHECK(EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, start(key), key.size(),
                         start(message), message.size(), digest.data(), digest.size(),
                         &size) != nullptr &&
               size == digest.size());
  return *Sha256Digest::from(digest);
}

}  // namespace merlon::crypto
