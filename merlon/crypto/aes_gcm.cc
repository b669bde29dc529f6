#include "merlon/crypto/aes_gcm.h"

#include <algorithm>
#include <memory>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "merlon/core/check.h"
#include "merlon/crypto/ready.h"

namespace merlon::crypto {

namespace {

struct Deleter {
  void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, Deleter>;

int size_of(core::ByteView bytes) noexcept {
  MERLON_CHECK(bytes.size() < (1U << 30U));
  return static_cast<int>(bytes.size());
}

/// A context that has taken key, nonce and what stands beside the text.
Context begin(const std::array<std::uint8_t, AesGcmKey::size>& secret,
              const AesGcmKey::Nonce& nonce, core::ByteView beside, bool sealing) noexcept {
  MERLON_CHECK(ready());
  Context context(EVP_CIPHER_CTX_new());
  int taken = 0;
  MERLON_CHECK(context != nullptr &&
               EVP_CipherInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, secret.data(),
                                 nonce.data(), sealing ? 1 : 0) == 1 &&
               EVP_CipherUpdate(context.get(), nullptr, &taken, beside.data(), size_of(beside)) ==
                   1);
  return context;
}

}  // namespace

AesGcmKey::AesGcmKey(core::ByteView secret) noexcept : wiped_(false) {
  MERLON_CHECK(secret.size() == size);
  std::ranges::copy(secret, secret_.begin());
}

AesGcmKey::AesGcmKey(AesGcmKey&& other) noexcept : secret_(other.secret_), wiped_(other.wiped_) {
  other.wipe();
}

AesGcmKey& AesGcmKey::operator=(AesGcmKey&& other) noexcept {
  if (this != &other) {
    secret_ = other.secret_;
    wiped_ = other.wiped_;
    other.wipe();
  }
  return *this;
}

AesGcmKey::~AesGcmKey() { wipe(); }

void AesGcmKey::wipe() noexcept {
  OPENSSL_cleanse(secret_.data(), secret_.size());
  wiped_ = true;
}

AesGcmKey::Sealed AesGcmKey::seal(const Nonce& nonce, core::ByteView beside,
                                  core::ByteView plain) const noexcept {
  MERLON_CHECK(!wiped_);
  const Context context = begin(secret_, nonce, beside, true);
  Sealed sealed;
  sealed.text.resize(plain.size());
  int taken = 0;
  MERLON_CHECK(EVP_CipherUpdate(context.get(), sealed.text.data(), &taken, plain.data(),
                                size_of(plain)) == 1 &&
               EVP_CipherFinal_ex(context.get(), sealed.text.data() + taken, &taken) == 1 &&
               EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, gcm_tag_size,
                                   sealed.tag.data()) == 1);
  return sealed;
}

std::optional<std::vector<std::uint8_t>> AesGcmKey::open(const Nonce& nonce, core::ByteView beside,
                                                         core::ByteView text,
                                                         const Tag& tag) const noexcept {
  std::vector<std::uint8_t> plain(text.begin(), text.end());
  if (open_in_place(nonce, beside, plain, tag)) return plain;
  return std::nullopt;
}

bool AesGcmKey::open_in_place(const Nonce& nonce, core::ByteView beside, core::ByteSpan text,
                              const Tag& tag) const noexcept {
  MERLON_CHECK(!wiped_);
  const Context context = begin(secret_, nonce, beside, false);
  Tag expected = tag;  // the library takes it as something that it might change
  int taken = 0;
  const bool whole =
      EVP_CipherUpdate(context.get(), text.data(), &taken, text.data(), size_of(text)) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, gcm_tag_size, expected.data()) ==
          1 &&
      EVP_CipherFinal_ex(context.get(), text.data() + taken, &taken) == 1;
  if (!whole) OPENSSL_cleanse(text.data(), text.size());
  return whole;
}

}  // namespace merlon::crypto
