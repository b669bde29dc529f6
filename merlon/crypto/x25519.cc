#include "merlon/crypto/x25519.h"

#include <array>

#include <openssl/err.h>

#include "merlon/crypto/owned.h"
#include "merlon/crypto/ready.h"

namespace merlon::crypto {

void X25519Key::Deleter::operator()(evp_pkey_st* key) const noexcept { EVP_PKEY_free(key); }

core::Result<X25519Key> X25519Key::generate() {
  const auto broken = [] {
    ERR_clear_error();
    return core::error(core::ErrorCode::Internal, "OpenSSL gives no key");
  };
  if (!ready()) return broken();
  Owner key(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
  std::array<std::uint8_t, X25519PublicKey::size> bytes{};
  std::size_t size = bytes.size();
  if (key == nullptr || EVP_PKEY_get_raw_public_key(key.get(), bytes.data(), &size) != 1 ||
      size != bytes.size()) {
    return broken();
  }
  return X25519Key(std::move(key), X25519PublicKey::from(bytes).value());
}

}  // namespace merlon::crypto
