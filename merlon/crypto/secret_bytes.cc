#include "merlon/crypto/secret_bytes.h"

#include <utility>

#include <openssl/crypto.h>

namespace merlon::crypto {

void wipe(core::ByteSpan secret) noexcept {
  if (!secret.empty()) OPENSSL_cleanse(secret.data(), secret.size());
}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  bytes_ = std::move(other.bytes_);
  return *this;
}

void SecretBytes::wipe() noexcept { crypto::wipe(bytes_); }

}  // namespace merlon::crypto
