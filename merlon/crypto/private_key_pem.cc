// PrivateKey::from_pem: a text, its one block, the numbers in it, a key of OpenSSL's.

#include <algorithm>
#include <array>
#include <string_view>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/pem.h>

#include "merlon/crypto/evp.h"
#include "merlon/crypto/owned.h"
#include "merlon/crypto/private_key.h"
#include "merlon/crypto/private_key_der.h"
#include "merlon/crypto/ready.h"

namespace merlon::crypto {

using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

/// One block of a text in memory that OpenSSL overwrites, which its own PEM functions do when
/// asked.
class Block {
 public:
  Block() noexcept = default;
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block() { clear(); }

  /// The next one of `text`; false if there is none, or none that is whole.
  bool read(BIO* text) noexcept {
    clear();
    const unsigned flags = PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE;
    return PEM_read_bio_ex(text, &label_, &header_, &bytes_, &size_, flags) == 1;
  }
  [[nodiscard]] std::string_view label() const noexcept { return label_; }
  [[nodiscard]] std::string_view header() const noexcept { return header_; }
  [[nodiscard]] ByteView bytes() const noexcept {
    return {bytes_, static_cast<std::size_t>(size_)};
  }

 private:
  void clear() noexcept {
    OPENSSL_secure_free(std::exchange(label_, nullptr));
    OPENSSL_secure_free(std::exchange(header_, nullptr));
    OPENSSL_secure_clear_free(std::exchange(bytes_, nullptr), static_cast<std::size_t>(size_));
    size_ = 0;
  }

  char* label_ = nullptr;
  char* header_ = nullptr;
  unsigned char* bytes_ = nullptr;
  long size_ = 0;
};

/// What there is instead of a private key, by its label.
core::Error no_private_key(std::string_view label) noexcept {
  if (label == "PUBLIC KEY" || label == "RSA PUBLIC KEY") {
    return core::error(ErrorCode::NotFound, "a public key, where the private one is needed");
  }
  if (label == "CERTIFICATE") {
    return core::error(ErrorCode::NotFound, "a certificate, where a private key is needed");
  }
  if (label == "OPENSSH PRIVATE KEY") {
    return core::error(ErrorCode::Unsupported,
                       "a key in OpenSSH's own form; a copy of it becomes PEM by ssh-keygen -p -m "
                       "PKCS8");
  }
  return core::error(ErrorCode::NotFound, "PEM, but no private key that is known");
}

Result<KeyNumbers> parse_block(const Block& block) noexcept {
  const std::string_view label = block.label();
  if (label == "ENCRYPTED PRIVATE KEY" ||
      block.header().find("ENCRYPTED") != std::string_view::npos) {
    return core::error(ErrorCode::Denied,
                       "an encrypted key; nothing here asks for a passphrase, so decrypt it with "
                       "openssl pkey -in FILE -out PLAIN");
  }
  if (label == "PRIVATE KEY") return parse_pkcs8(block.bytes());
  if (label == "EC PRIVATE KEY") return parse_sec1(block.bytes());
  if (label == "RSA PRIVATE KEY") return parse_pkcs1(block.bytes());
  return no_private_key(label);
}

/// A secret number; overwritten when it goes.
Owned<BIGNUM> secret_number(ByteView bytes) noexcept {
  Owned<BIGNUM> number(BN_secure_new());
  if (number == nullptr ||
      BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), number.get()) == nullptr) {
    return nullptr;
  }
  BN_set_flags(number.get(), BN_FLG_CONSTTIME);
  return number;
}

core::Error unusable(const char* what) noexcept { return core::error(ErrorCode::Malformed, what); }

/// The public half of `secret`, checked against the one that the key says.
Result<std::array<std::uint8_t, 97>> public_half(const EC_GROUP* group, const BIGNUM* secret,
                                                 ByteView said) noexcept {
  const Owned<BN_CTX> context(BN_CTX_secure_new());
  const Owned<EC_POINT> point(EC_POINT_new(group));
  const Owned<EC_POINT> other(EC_POINT_new(group));
  if (context == nullptr || point == nullptr || other == nullptr ||
      EC_POINT_mul(group, point.get(), secret, nullptr, nullptr, context.get()) != 1) {
    return unusable("a private key that its curve does not take");
  }
  if (!said.empty() &&
      (EC_POINT_oct2point(group, other.get(), said.data(), said.size(), context.get()) != 1 ||
       EC_POINT_cmp(group, point.get(), other.get(), context.get()) != 0)) {
    return unusable("a private key with the public half of another");
  }
  std::array<std::uint8_t, 97> octets{};
  if (EC_POINT_point2oct(group, point.get(), POINT_CONVERSION_UNCOMPRESSED, octets.data(),
                         octets.size(), context.get()) == 0) {
    return unusable("a private key that its curve does not take");
  }
  return octets;
}

Result<Owned<EVP_PKEY>> import_ec(const EcNumbers& numbers) noexcept {
  const bool p256 = numbers.curve == KeyKind::P256;
  const std::size_t size = p256 ? 32 : 48;
  const Owned<EC_GROUP> group(
      EC_GROUP_new_by_curve_name(p256 ? NID_X9_62_prime256v1 : NID_secp384r1));
  const Owned<BIGNUM> secret =
      secret_number(numbers.secret.first(std::min(numbers.secret.size(), size)));
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  if (group == nullptr || secret == nullptr || builder == nullptr) {
    return core::error(ErrorCode::Internal, "no memory for a key");
  }
  if (numbers.secret.size() > size || BN_is_zero(secret.get()) == 1 ||
      BN_cmp(secret.get(), EC_GROUP_get0_order(group.get())) >= 0) {
    return unusable("a private key that is out of its curve's range");
  }
  const auto point = TRY(public_half(group.get(), secret.get(), numbers.point));
  if (OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME,
                                      p256 ? "P-256" : "P-384", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       1 + 2 * size) != 1 ||
      OSSL_PARAM_BLD_push_BN_pad(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, secret.get(), size) !=
          1) {
    return core::error(ErrorCode::Internal, "no memory for a key");
  }
  const Owned<OSSL_PARAM> params(OSSL_PARAM_BLD_to_param(builder.get()));
  auto key = params == nullptr ? nullptr : import_key("EC", EVP_PKEY_KEYPAIR, params.get());
  if (key == nullptr) return unusable("a private key that its curve does not take");
  return key;
}

/// Sizes first: nothing is computed with numbers larger than the largest key.
Result<void> check_sizes(const RsaNumbers& numbers) noexcept {
  constexpr std::array<std::uint8_t, 3> f4{1, 0, 1};
  constexpr std::array<std::uint8_t, 1> three{3};
  const std::size_t size = numbers.n.size();
  if (size < 256 || size > 512 || (numbers.n[0] & 0x80U) == 0) {
    return core::error(ErrorCode::Unsupported,
                       "an RSA key of less than 2048 or more than 4096 bits", size);
  }
  if (!std::ranges::equal(numbers.e, f4) && !std::ranges::equal(numbers.e, three)) {
    return core::error(ErrorCode::Unsupported, "an RSA key with another exponent than 3 or 65537");
  }
  for (const ByteView each :
       {numbers.d, numbers.p, numbers.q, numbers.dp, numbers.dq, numbers.qi}) {
    if (each.size() > size) return unusable("an RSA key whose numbers are larger than its modulus");
  }
  return {};
}

Result<Owned<EVP_PKEY>> import_rsa(const RsaNumbers& numbers) noexcept {
  TRY(check_sizes(numbers));
  struct Named {
    const char* name;
    ByteView bytes;
  };
  const std::array all{Named{OSSL_PKEY_PARAM_RSA_N, numbers.n},
                       Named{OSSL_PKEY_PARAM_RSA_E, numbers.e},
                       Named{OSSL_PKEY_PARAM_RSA_D, numbers.d},
                       Named{OSSL_PKEY_PARAM_RSA_FACTOR1, numbers.p},
                       Named{OSSL_PKEY_PARAM_RSA_FACTOR2, numbers.q},
                       Named{OSSL_PKEY_PARAM_RSA_EXPONENT1, numbers.dp},
                       Named{OSSL_PKEY_PARAM_RSA_EXPONENT2, numbers.dq},
                       Named{OSSL_PKEY_PARAM_RSA_COEFFICIENT1, numbers.qi}};
  std::array<Owned<BIGNUM>, all.size()> held;  // the builder borrows them
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  if (builder == nullptr) return core::error(ErrorCode::Internal, "no memory for a key");
  for (std::size_t i = 0; i < all.size(); ++i) {
    held[i] = secret_number(all[i].bytes);
    if (held[i] == nullptr ||
        OSSL_PARAM_BLD_push_BN(builder.get(), all[i].name, held[i].get()) != 1) {
      return core::error(ErrorCode::Internal, "no memory for a key");
    }
  }
  const Owned<OSSL_PARAM> params(OSSL_PARAM_BLD_to_param(builder.get()));
  auto key = params == nullptr ? nullptr : import_key("RSA", EVP_PKEY_KEYPAIR, params.get());
  const Owned<EVP_PKEY_CTX> context(
      key == nullptr ? nullptr : EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (context == nullptr || EVP_PKEY_pairwise_check(context.get()) != 1) {
    return unusable("an RSA key whose numbers do not belong together");
  }
  return key;
}

Result<Owned<EVP_PKEY>> import_numbers(const KeyNumbers& numbers) noexcept {
  if (const auto* ec = std::get_if<EcNumbers>(&numbers)) return import_ec(*ec);
  return import_rsa(std::get<RsaNumbers>(numbers));
}

constexpr KeyKind kind_of(const KeyNumbers& numbers) noexcept {
  const auto* ec = std::get_if<EcNumbers>(&numbers);
  return ec == nullptr ? KeyKind::Rsa : ec->curve;
}

}  // namespace

Result<PrivateKey> PrivateKey::from_pem(ByteView text) {
  if (text.size() > max_pem_size) {
    return core::error(ErrorCode::Exhausted, "a private key of more than 32 KiB", text.size());
  }
  if (!ready()) return core::error(ErrorCode::Internal, "OpenSSL does not start");
  if (text.empty()) return unusable("empty, where a private key in PEM is needed");
  const Owned<BIO> source(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  if (source == nullptr) return core::error(ErrorCode::Internal, "no memory for a key");
  Block block;
  do {  // what openssl ecparam -genkey writes in front says nothing that the key does not
    if (!block.read(source.get())) {
      ERR_clear_error();
      return unusable("no private key in PEM");
    }
  } while (block.label() == "EC PARAMETERS");
  const KeyNumbers numbers = TRY(parse_block(block));
  auto key = import_numbers(numbers);
  ERR_clear_error();
  if (!key) return key.error();
  return PrivateKey(kind_of(numbers), Owner(key->release()));
}

}  // namespace merlon::crypto
