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

EVP_MD_CTX* begin(const EVP_MD* algorithm) noexcept {
  MERLON_CHECK(ready());
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  MERLON_CHECK(context != nullptr && EVP_DigestInit_ex(context, algorithm, nullptr) == 1);
  return context;
}

void add_to(EVP_MD_CTX* context, core::ByteView part) noexcept {
  MERLON_CHECK(EVP_DigestUpdate(context, part.data(), part.size()) == 1);
}

template <typename Digest>
Digest end(EVP_MD_CTX* context) noexcept {
  std::array<std::uint8_t, Digest::size> bytes{};
  unsigned size = 0;
  MERLON_CHECK(EVP_DigestFinal_ex(context, bytes.data(), &size) == 1);
  return Digest::from(core::ByteView(bytes).first(size)).value();
}

template <typename Digest>
Digest hash(const EVP_MD* algorithm, std::initializer_list<core::ByteView> parts) noexcept {
  const std::unique_ptr<EVP_MD_CTX, ContextDeleter> context(begin(algorithm));
  for (const core::ByteView part : parts) add_to(context.get(), part);
  return end<Digest>(context.get());
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

Sha384Stream::Sha384Stream() noexcept : context_(begin(EVP_sha384())) {}

void Sha384Stream::add(core::ByteView bytes) noexcept { add_to(context_.get(), bytes); }

Sha384Digest Sha384Stream::finish() && noexcept { return end<Sha384Digest>(context_.get()); }

void Sha384Stream::Deleter::operator()(evp_md_ctx_st* context) const noexcept {
  EVP_MD_CTX_free(context);
}

}  // namespace merlon::crypto
