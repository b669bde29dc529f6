#include "merlon/crypto/hash.h"

#include <array>
#include <memory>

#include <openssl/evp.h>

#include "merlon/crypto/ready.h"

namespace merlon::crypto {

namespace {

struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

template <typename Digest>
Digest hash(const EVP_MD* algorithm, std::initializer_list<core::ByteView> parts) noexcept {
  MERLON_CHECK(ready());
  const std::unique_ptr<EVP_MD_CTX, ContextDeleter> context(EVP_MD_CTX_new());
  MERLON_CHECK(context != nullptr && EVP_DigestInit_ex(context.get(), algorithm, nullptr) == 1);
  for (const core::ByteView part : parts) {
    MERLON_CHECK(EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1);
  }
  std::array<std::uint8_t, Digest::size> bytes{};
  unsigned size = 0;
  MERLON_CHECK(EVP_DigestFinal_ex(context.get(), bytes.data(), &size) == 1);
  return Digest::from(core::ByteView(bytes).first(size)).value();
}

}  // namespace

Sha256Digest sha256(std::initializer_list<core::ByteView> parts) noexcept {
  return hash<Sha256Digest>(EVP_sha256(), parts);
}
Sha384Digest sha384(std::initializer_list<core::ByteView> parts) noexcept {
  return hash<Sha384Digest>(EVP_sha384(), parts);
}
Sha512Digest sha512(std::initializer_list<core::ByteView> parts) noexcept {
  return hash<Sha512Digest>(EVP_sha512(), parts);
}

}  // namespace merlon::crypto
