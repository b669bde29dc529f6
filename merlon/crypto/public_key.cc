#include "merlon/crypto/public_key.h"

#include <algorithm>

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "merlon/crypto/evp.h"
#include "merlon/crypto/owned.h"
#include "merlon/crypto/ready.h"

namespace merlon::crypto {

using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

/// A key that has a curve and no point yet.
Owned<EVP_PKEY> make_empty_key(const char* group) noexcept {
  if (!ready()) return nullptr;
  std::array<char, 6> name{};
  std::copy_n(group, 5, name.begin());
  std::array<OSSL_PARAM, 2> params{
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name.data(), 0),
      OSSL_PARAM_construct_end()};
  return import_key("EC", EVP_PKEY_KEY_PARAMETERS, params.data());
}

/// The one of `curve` that every key is a copy of: copying a curve takes a fifth of making it from
/// its name. Only to be copied, by any thread; null if OpenSSL does not start.
EVP_PKEY* empty_key(KeyKind curve) noexcept {
  static const Owned<EVP_PKEY> p256 = make_empty_key("P-256");
  static const Owned<EVP_PKEY> p384 = make_empty_key("P-384");
  return curve == KeyKind::P256 ? p256.get() : p384.get();
}

/// A DER INTEGER of a number without sign; at most 2 + 1 + 48 bytes.
std::size_t put_integer(ByteView number, std::uint8_t* out) noexcept {
  while (number.size() > 1 && number[0] == 0) number = number.subspan(1);
  const std::size_t pad = (number[0] & 0x80U) != 0 ? 1 : 0;
  out[0] = 0x02;
  out[1] = static_cast<std::uint8_t>(number.size() + pad);
  out[2] = 0;
  std::ranges::copy(number, out + 2 + pad);
  return 2 + pad + number.size();
}

}  // namespace

Digest Digest::of(HashKind kind, ByteView message) noexcept {
  Digest digest;
  digest.kind_ = kind;
  const auto keep = [&](ByteView bytes) {
    digest.size_ = bytes.size();
    std::ranges::copy(bytes, digest.bytes_.begin());
  };
  switch (kind) {
    case HashKind::Sha256: keep(sha256({message}).view()); break;
    case HashKind::Sha384: keep(sha384({message}).view()); break;
    case HashKind::Sha512: keep(sha512({message}).view()); break;
  }
  return digest;
}

Digest Digest::of(const Sha256Digest& made) noexcept {
  Digest digest;
  digest.size_ = Sha256Digest::size;
  std::ranges::copy(made.view(), digest.bytes_.begin());
  return digest;
}

Result<EcdsaSignature> EcdsaSignature::from_halves(ByteView both) noexcept {
  if (both.size() % 2 != 0 || both.empty()) {
    return core::error(ErrorCode::Malformed, "no pair of numbers", both.size());
  }
  return EcdsaSignature{both.first(both.size() / 2), both.subspan(both.size() / 2)};
}

Result<PublicKey> PublicKey::ec(KeyKind curve, ByteView point) noexcept {
  const std::size_t size = curve == KeyKind::P256 ? 64 : 96;
  if (curve == KeyKind::Rsa || point.size() != size) {
    return core::error(ErrorCode::Malformed, "a point of another size", point.size());
  }
  EVP_PKEY* const empty = empty_key(curve);
  std::shared_ptr<EVP_PKEY> key(empty == nullptr ? nullptr : EVP_PKEY_dup(empty), OpensslDeleter());
  if (key == nullptr) return core::error(ErrorCode::Internal, "OpenSSL does not start");
  std::array<std::uint8_t, 97> octets{0x04};  // uncompressed
  std::ranges::copy(point, octets.begin() + 1);
  if (EVP_PKEY_set1_encoded_public_key(key.get(), octets.data(), size + 1) != 1) {
    return core::error(ErrorCode::Malformed, "not a point of the curve");
  }
  return PublicKey(curve, std::move(key));
}

Result<PublicKey> PublicKey::rsa(ByteView modulus, ByteView exponent) noexcept {
  while (!modulus.empty() && modulus[0] == 0) modulus = modulus.subspan(1);
  constexpr std::array<std::uint8_t, 3> f4{1, 0, 1};
  if (modulus.size() < 256 || modulus.size() > 512 || (modulus[0] & 0x80U) == 0 ||
      !std::ranges::equal(exponent, f4)) {
    return core::error(ErrorCode::Unsupported, "an RSA key of another size or exponent");
  }
  return import_rsa(modulus, exponent);
}

Result<PublicKey> PublicKey::rsa_exponent_3(ByteView modulus) noexcept {
  constexpr std::array<std::uint8_t, 1> three{3};
  if (modulus.size() != 384 || (modulus[0] & 0x80U) == 0) {
    return core::error(ErrorCode::Unsupported, "an RSA key of another size than 3072 bits",
                       modulus.size());
  }
  return import_rsa(modulus, three);
}

Result<PublicKey> PublicKey::import_rsa(ByteView modulus, ByteView exponent) noexcept {
  if (!ready()) return core::error(ErrorCode::Internal, "OpenSSL does not start");
  const Owned<BIGNUM> n(BN_bin2bn(modulus.data(), static_cast<int>(modulus.size()), nullptr));
  const Owned<BIGNUM> e(BN_bin2bn(exponent.data(), static_cast<int>(exponent.size()), nullptr));
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  if (n == nullptr || e == nullptr || builder == nullptr ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return core::error(ErrorCode::Internal, "no memory for a key");
  }
  const Owned<OSSL_PARAM> params(OSSL_PARAM_BLD_to_param(builder.get()));
  auto key = params == nullptr ? nullptr : import_key("RSA", EVP_PKEY_PUBLIC_KEY, params.get());
  if (key == nullptr) return core::error(ErrorCode::Malformed, "not an RSA key");
  return PublicKey(KeyKind::Rsa, std::move(key));
}

bool PublicKey::verify_ecdsa(const Digest& digest, EcdsaSignature signature) const noexcept {
  const std::size_t size = kind_ == KeyKind::P256 ? 32 : 48;
  if (kind_ == KeyKind::Rsa || signature.r.size() != size || signature.s.size() != size) {
    return false;
  }
  std::array<std::uint8_t, 2 + 2 * (3 + 48)> der{0x30};
  std::size_t used = 2;
  used += put_integer(signature.r, der.data() + used);
  used += put_integer(signature.s, der.data() + used);
  der[1] = static_cast<std::uint8_t>(used - 2);  // below 128: no long form
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
  return context != nullptr && EVP_PKEY_verify_init(context.get()) == 1 &&
         EVP_PKEY_verify(context.get(), der.data(), used, digest.view().data(),
                         digest.view().size()) == 1;
}

bool PublicKey::verify_rsa(const Digest& digest, int padding, int salt_size,
                           ByteView signature) const noexcept {
  if (kind_ != KeyKind::Rsa) return false;
  const EVP_MD* md = evp_of(digest.kind());
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
  if (md == nullptr || context == nullptr || EVP_PKEY_verify_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), padding) != 1 ||
      EVP_PKEY_CTX_set_signature_md(context.get(), md) != 1) {
    return false;
  }
  if (padding == RSA_PKCS1_PSS_PADDING &&
      (EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), md) != 1 ||
       EVP_PKEY_CTX_set_rsa_pss_saltlen(context.get(), salt_size) != 1)) {
    return false;
  }
  return EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.view().data(),
                         digest.view().size()) == 1;
}

bool PublicKey::verify_rsa_pss(const Digest& digest, std::size_t salt_size,
                               ByteView signature) const noexcept {
  if (salt_size > 64) return false;
  return verify_rsa(digest, RSA_PKCS1_PSS_PADDING, static_cast<int>(salt_size), signature);
}

bool PublicKey::verify_rsa_pkcs1(const Digest& digest, ByteView signature) const noexcept {
  return verify_rsa(digest, RSA_PKCS1_PADDING, 0, signature);
}

}  // namespace merlon::crypto
