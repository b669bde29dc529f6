#include "merlon/crypto/shake128.h"

#include <algorithm>
#include <vector>

#include <openssl/evp.h>

#include "merlon/core/check.h"
#include "merlon/crypto/ready.h"
#include "merlon/crypto/secret_bytes.h"

namespace merlon::crypto {

namespace {

struct AlgorithmDeleter {
  void operator()(EVP_MD* algorithm) const noexcept { EVP_MD_free(algorithm); }
};

const EVP_MD* algorithm() noexcept {
  static const std::unique_ptr<EVP_MD, AlgorithmDeleter> found(
      ready() ? EVP_MD_fetch(nullptr, "SHAKE-128", nullptr) : nullptr);
  MERLON_CHECK(found != nullptr);
  return found.get();
}

}  // namespace

void Shake128::Deleter::operator()(evp_md_ctx_st* context) const noexcept {
  EVP_MD_CTX_free(context);
}

Shake128::Shake128() noexcept : context_(EVP_MD_CTX_new()) {
  MERLON_CHECK(context_ != nullptr && EVP_DigestInit_ex(context_.get(), algorithm(), nullptr) == 1);
}

void Shake128::add(core::ByteView bytes) noexcept {
  MERLON_CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

void Shake128::read(std::size_t offset, core::ByteSpan into) const {
  if (into.empty()) return;
  // The library gives all of a hash once and from its start, and then has done with it.
  const std::unique_ptr<evp_md_ctx_st, Deleter> copy(EVP_MD_CTX_new());
  std::vector<std::uint8_t> all(offset + into.size());
  MERLON_CHECK(copy != nullptr && EVP_MD_CTX_copy_ex(copy.get(), context_.get()) == 1 &&
               EVP_DigestFinalXOF(copy.get(), all.data(), all.size()) == 1);
  std::ranges::copy(core::ByteView(all).subspan(offset), into.begin());
  wipe(all);
}

}  // namespace merlon::crypto
