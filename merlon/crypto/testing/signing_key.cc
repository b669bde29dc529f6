#include "merlon/crypto/testing/signing_key.h"

#include <array>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

namespace merlon::crypto::testing {

SigningKey::SigningKey(KeyKind kind)
    : kind_(kind), key_(EVP_EC_gen(kind == KeyKind::P256 ? "P-256" : "P-384"), &EVP_PKEY_free) {
  MERLON_CHECK(key_ != nullptr);
}

std::vector<std::uint8_t> SigningKey::spki() const {
  unsigned char* out = nullptr;
  const int size = i2d_PUBKEY(key_.get(), &out);
  MERLON_CHECK(size > 0);
  std::vector<std::uint8_t> bytes(out, out + size);
  OPENSSL_free(out);
  return bytes;
}

std::vector<std::uint8_t> SigningKey::point() const {
  const auto bytes = spki();
  const std::size_t size = kind_ == KeyKind::P256 ? 64 : 96;
  return {bytes.end() - static_cast<std::ptrdiff_t>(size), bytes.end()};
}

std::vector<std::uint8_t> SigningKey::sign_der(core::ByteView message) const {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  const EVP_MD* hash = kind_ == KeyKind::P256 ? EVP_sha256() : EVP_sha384();
  std::size_t size = 160;
  std::vector<std::uint8_t> signature(size);
  MERLON_CHECK(EVP_DigestSignInit(context.get(), nullptr, hash, nullptr, key_.get()) == 1);
  MERLON_CHECK(
      EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) == 1);
  signature.resize(size);
  return signature;
}

std::vector<std::uint8_t> SigningKey::sign(core::ByteView message) const {
  const auto der = sign_der(message);
  const unsigned char* in = der.data();
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(
      d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(der.size())), &ECDSA_SIG_free);
  const int size = kind_ == KeyKind::P256 ? 32 : 48;
  std::vector<std::uint8_t> both(static_cast<std::size_t>(2 * size));
  MERLON_CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), both.data(), size) == size);
  MERLON_CHECK(BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), both.data() + size, size) == size);
  return both;
}

}  // namespace merlon::crypto::testing
