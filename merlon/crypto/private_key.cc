#include "merlon/crypto/private_key.h"

#include <algorithm>
#include <string_view>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "merlon/crypto/evp.h"
#include "merlon/crypto/owned.h"
#include "merlon/crypto/ready.h"

namespace merlon::crypto {

using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

constexpr unsigned rsa_bits = 3072;
constexpr BN_ULONG rsa_exponent = 3;

core::Error broken(const char* what) noexcept {
  ERR_clear_error();
  return core::error(ErrorCode::Internal, what);
}

constexpr std::size_t size_of(KeyKind curve) noexcept { return curve == KeyKind::P256 ? 32 : 48; }

Owned<EVP_PKEY> generate_rsa() noexcept {
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  const Owned<BIGNUM> exponent(BN_new());
  EVP_PKEY* key = nullptr;
  if (context == nullptr || exponent == nullptr || BN_set_word(exponent.get(), rsa_exponent) != 1 ||
      EVP_PKEY_keygen_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), rsa_bits) != 1 ||
      EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context.get(), exponent.get()) != 1 ||
      EVP_PKEY_generate(context.get(), &key) != 1) {
    return nullptr;
  }
  return Owned<EVP_PKEY>(key);
}

/// A number of the key; null if it has none of that name.
Owned<BIGNUM> number_of(const EVP_PKEY* key, const char* name) noexcept {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return nullptr;
  return Owned<BIGNUM>(number);
}

bool put(const BIGNUM* number, core::ByteSpan into) noexcept {
  return number != nullptr && BN_bn2binpad(number, into.data(), static_cast<int>(into.size())) ==
                                  static_cast<int>(into.size());
}

core::Error no_curve() noexcept {
  return core::error(ErrorCode::Unsupported, "an RSA key, where one of a curve is needed");
}
core::Error no_rsa() noexcept {
  return core::error(ErrorCode::Unsupported, "a key of a curve, where an RSA key is needed");
}

}  // namespace

void PrivateKey::Deleter::operator()(evp_pkey_st* key) const noexcept { EVP_PKEY_free(key); }

Result<PrivateKey> PrivateKey::generate(KeyKind kind) {
  if (!ready()) return broken("OpenSSL does not start");
  Owned<EVP_PKEY> key;
  switch (kind) {
    case KeyKind::P256: key.reset(EVP_EC_gen("P-256")); break;
    case KeyKind::P384: key.reset(EVP_EC_gen("P-384")); break;
    case KeyKind::Rsa: key = generate_rsa(); break;
  }
  if (key == nullptr) return broken("OpenSSL gives no key");
  return PrivateKey(kind, Owner(key.release()));
}

Result<SecretBytes> PrivateKey::to_pem() const {
  const char* form = kind_ == KeyKind::Rsa ? "type-specific" : "PrivateKeyInfo";
  const Owned<OSSL_ENCODER_CTX> encoder(
      OSSL_ENCODER_CTX_new_for_pkey(key_.get(), EVP_PKEY_KEYPAIR, "PEM", form, nullptr));
  const Owned<BIO> text(BIO_new(BIO_s_secmem()));
  if (encoder == nullptr || text == nullptr ||
      OSSL_ENCODER_to_bio(encoder.get(), text.get()) != 1) {
    return broken("OpenSSL does not write the key");
  }
  const std::uint8_t* bytes = nullptr;
  const long size = BIO_get_mem_data(text.get(), &bytes);
  if (size <= 0) return broken("OpenSSL does not write the key");
  return SecretBytes(std::vector<std::uint8_t>(bytes, bytes + size));
}

Result<std::vector<std::uint8_t>> PrivateKey::point() const {
  if (kind_ == KeyKind::Rsa) return no_curve();
  const std::size_t size = size_of(kind_);
  std::vector<std::uint8_t> both(2 * size);
  const core::ByteSpan halves(both);
  const auto x = number_of(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X);
  const auto y = number_of(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y);
  if (!put(x.get(), halves.first(size)) || !put(y.get(), halves.subspan(size))) {
    return broken("OpenSSL does not tell a point");
  }
  return both;
}

Result<RsaPublicHalf> PrivateKey::rsa_public() const {
  if (kind_ != KeyKind::Rsa) return no_rsa();
  const auto modulus = number_of(key_.get(), OSSL_PKEY_PARAM_RSA_N);
  const auto exponent = number_of(key_.get(), OSSL_PKEY_PARAM_RSA_E);
  if (modulus == nullptr || exponent == nullptr) return broken("OpenSSL does not tell a modulus");
  RsaPublicHalf half;
  half.modulus.resize(static_cast<std::size_t>(BN_num_bytes(modulus.get())));
  half.exponent = static_cast<std::uint32_t>(BN_get_word(exponent.get()));
  if (!put(modulus.get(), half.modulus)) return broken("OpenSSL does not tell a modulus");
  return half;
}

Result<std::vector<std::uint8_t>> PrivateKey::sign_ecdsa(const Digest& digest) const {
  if (kind_ == KeyKind::Rsa) return no_curve();
  const std::size_t size = size_of(kind_);
  std::array<std::uint8_t, 2 + 2 * (3 + 48)> der{};  // SEQUENCE { INTEGER r, INTEGER s }
  std::size_t used = der.size();
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
  if (context == nullptr || EVP_PKEY_sign_init(context.get()) != 1 ||
      EVP_PKEY_sign(context.get(), der.data(), &used, digest.view().data(), digest.view().size()) !=
          1) {
    return broken("OpenSSL does not sign");
  }
  const std::uint8_t* at = der.data();
  const Owned<ECDSA_SIG> pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(used)));
  std::vector<std::uint8_t> both(2 * size);
  const core::ByteSpan halves(both);
  if (pair == nullptr || !put(ECDSA_SIG_get0_r(pair.get()), halves.first(size)) ||
      !put(ECDSA_SIG_get0_s(pair.get()), halves.subspan(size))) {
    return broken("OpenSSL does not sign");
  }
  return both;
}

Result<std::vector<std::uint8_t>> PrivateKey::sign_rsa_pkcs1(const Digest& digest) const {
  if (kind_ != KeyKind::Rsa) return no_rsa();
  std::vector<std::uint8_t> signature(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())));
  std::size_t used = signature.size();
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
  if (context == nullptr || EVP_PKEY_sign_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1 ||
      EVP_PKEY_CTX_set_signature_md(context.get(), evp_of(digest.kind())) != 1 ||
      EVP_PKEY_sign(context.get(), signature.data(), &used, digest.view().data(),
                    digest.view().size()) != 1 ||
      used != signature.size()) {
    return broken("OpenSSL does not sign");
  }
  return signature;
}

}  // namespace merlon::crypto
