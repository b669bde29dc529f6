#include "merlon/crypto/x25519.h"

#include <algorithm>
#include <array>

#include <openssl/err.h>

#include "merlon/crypto/owned.h"
#include "merlon/crypto/ready.h"

namespace merlon::crypto {

void X25519Key::Deleter::operator()(evp_pkey_st* key) const noexcept { EVP_PKEY_free(key); }

namespace {

core::Error broken() {
  ERR_clear_error();
  return core::error(core::ErrorCode::Internal, "OpenSSL gives no key");
}

}  // namespace

core::Result<X25519Key> X25519Key::own(Owner key) {
  std::array<std::uint8_t, X25519PublicKey::size> bytes{};
  std::size_t size = bytes.size();
  if (key == nullptr || EVP_PKEY_get_raw_public_key(key.get(), bytes.data(), &size) != 1 ||
      size != bytes.size()) {
    return broken();
  }
  return X25519Key(std::move(key), X25519PublicKey::from(bytes).value());
}

core::Result<X25519Key> X25519Key::generate() {
  if (!ready()) return broken();
  return own(Owner(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519")));
}

core::Result<X25519Key> X25519Key::from_secret(core::ByteView secret) {
  if (secret.size() != X25519PublicKey::size) {
    return core::error(core::ErrorCode::Malformed, "a key of another size", secret.size());
  }
  if (!ready()) return broken();
  return own(Owner(
      EVP_PKEY_new_raw_private_key_ex(nullptr, "X25519", nullptr, secret.data(), secret.size())));
}

core::Result<SecretBytes> X25519Key::agree_with(const X25519PublicKey& other) const {
  if (key_ == nullptr) return core::error(core::ErrorCode::Denied, "the key was forgotten");
  const Owner theirs(EVP_PKEY_new_raw_public_key_ex(nullptr, "X25519", nullptr, other.view().data(),
                                                    X25519PublicKey::size));
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
  std::vector<std::uint8_t> agreed(X25519PublicKey::size);
  std::size_t size = agreed.size();
  if (theirs == nullptr || context == nullptr || EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer(context.get(), theirs.get()) != 1) {
    return broken();
  }
  // The library refuses a result of zeros; asked again here, since all that follows rests on it.
  const bool derived = EVP_PKEY_derive(context.get(), agreed.data(), &size) == 1;
  SecretBytes secret(std::move(agreed));
  if (!derived || size != X25519PublicKey::size ||
      std::ranges::all_of(secret.reveal(), [](std::uint8_t byte) { return byte == 0; })) {
    ERR_clear_error();
    return core::error(core::ErrorCode::Malformed, "a public key of low order");
  }
  return secret;
}

}  // namespace merlon::crypto
