#include "merlon/crypto/rsa_quotients.h"

#include "merlon/crypto/owned.h"

namespace merlon::crypto {

using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

bool put(const BIGNUM* number, core::ByteSpan into) noexcept {
  return BN_bn2binpad(number, into.data(), static_cast<int>(into.size())) ==
         static_cast<int>(into.size());
}

}  // namespace

Result<RsaQuotients> rsa_quotients(ByteView modulus, ByteView signature) {
  constexpr std::size_t longest = 512;
  if (modulus.size() > longest || signature.size() > longest) {
    return core::error(ErrorCode::Malformed, "an RSA number longer than 4096 bits");
  }
  const auto number = [](ByteView bytes) {
    return Owned<BIGNUM>(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  };
  const auto n = number(modulus);
  const auto s = number(signature);
  const Owned<BIGNUM> product(BN_new());
  const Owned<BIGNUM> rest(BN_new());
  const Owned<BIGNUM> quotient(BN_new());
  const Owned<BN_CTX> context(BN_CTX_new());
  if (n == nullptr || s == nullptr || product == nullptr || rest == nullptr ||
      quotient == nullptr || context == nullptr) {
    return core::error(ErrorCode::Internal, "no memory for numbers");
  }
  if (BN_is_zero(n.get()) == 1 || BN_cmp(s.get(), n.get()) >= 0) {
    return core::error(ErrorCode::Malformed, "an RSA signature that is not below its modulus");
  }
  RsaQuotients both{std::vector<std::uint8_t>(modulus.size()),
                    std::vector<std::uint8_t>(modulus.size())};
  // s³ - Q1·s·n = s · (s² - Q1·n), and s² - Q1·n is what the first division leaves.
  if (BN_sqr(product.get(), s.get(), context.get()) != 1 ||
      BN_div(quotient.get(), rest.get(), product.get(), n.get(), context.get()) != 1 ||
      !put(quotient.get(), both.q1) ||
      BN_mul(product.get(), s.get(), rest.get(), context.get()) != 1 ||
      BN_div(quotient.get(), nullptr, product.get(), n.get(), context.get()) != 1 ||
      !put(quotient.get(), both.q2)) {
    return core::error(ErrorCode::Internal, "OpenSSL does not divide");
  }
  return both;
}

}  // namespace merlon::crypto
