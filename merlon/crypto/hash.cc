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

struct AlgorithmDeleter {
  void operator()(EVP_MD* algorithm) const noexcept { EVP_MD_free(algorithm); }
};

template <typename Digest>
constexpr const char* name_of = nullptr;
template <>
constexpr const char* name_of<Sha224Digest> = "SHA2-224";
template <>
constexpr const char* name_of<Sha256Digest> = "SHA2-256";
template <>
constexpr const char* name_of<Sha384Digest> = "SHA2-384";
template <>
constexpr const char* name_of<Sha512Digest> = "SHA2-512";

/// The hash of that name as OpenSSL has it, looked up once: it would look it up at every use of
/// EVP_sha256(), which takes as long as hashing 500 bytes.
template <typename Digest>
const EVP_MD* algorithm_of() noexcept {
  static const std::unique_ptr<EVP_MD, AlgorithmDeleter> found(
      ready() ? EVP_MD_fetch(nullptr, name_of<Digest>, nullptr) : nullptr);
  MERLON_CHECK(found != nullptr);
  return found.get();
}

EVP_MD_CTX* begin(const EVP_MD* algorithm) noexcept {
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
Digest hash(std::initializer_list<core::ByteView> parts) noexcept {
  const std::unique_ptr<EVP_MD_CTX, ContextDeleter> context(begin(algorithm_of<Digest>()));
  for (const core::ByteView part : parts) add_to(context.get(), part);
  return end<Digest>(context.get());
}

}  // namespace

Sha224Digest sha224(std::initializer_list<core::ByteView> parts) noexcept {
  return hash<Sha224Digest>(parts);
}
Sha256Digest sha256(std::initializer_list<core::ByteView> parts) noexcept {
  return hash<Sha256Digest>(parts);
}
Sha384Digest sha384(std::initializer_list<core::ByteView> parts) noexcept {
  return hash<Sha384Digest>(parts);
}
Sha512Digest sha512(std::initializer_list<core::ByteView> parts) noexcept {
  return hash<Sha512Digest>(parts);
}

template <typename Digest>
HashStream<Digest>::HashStream() noexcept : context_(begin(algorithm_of<Digest>())) {}

template <typename Digest>
void HashStream<Digest>::add(core::ByteView bytes) noexcept {
  add_to(context_.get(), bytes);
}

template <typename Digest>
Digest HashStream<Digest>::finish() && noexcept {
  return end<Digest>(context_.get());
}

template <typename Digest>
void HashStream<Digest>::Deleter::operator()(evp_md_ctx_st* context) const noexcept {
  EVP_MD_CTX_free(context);
}

template class HashStream<Sha224Digest>;
template class HashStream<Sha256Digest>;
template class HashStream<Sha384Digest>;
template class HashStream<Sha512Digest>;

}  // namespace merlon::crypto
