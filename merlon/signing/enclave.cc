#include "merlon/signing/enclave.h"

#include <algorithm>

#include "merlon/crypto/hash.h"
#include "merlon/crypto/rsa_quotients.h"

namespace merlon::signing {

using core::ByteView;
using core::ErrorCode;
using core::Result;
using crypto::Digest;
using crypto::HashKind;

namespace {

/// SIGSTRUCT has its numbers least significant byte first, everybody else the other way round.
std::vector<std::uint8_t> reversed(ByteView bytes) { return {bytes.rbegin(), bytes.rend()}; }

Digest signed_digest(const sgx::Sigstruct& enclave) noexcept {
  return Digest::of(HashKind::Sha256, enclave.signed_bytes());
}

}  // namespace

Result<sgx::SignerModulus> signer_modulus(const crypto::PublicHalf& half) {
  const auto* rsa = std::get_if<crypto::RsaPublicHalf>(&half);
  if (rsa == nullptr || rsa->modulus.size() != sgx::SignerModulus::size ||
      rsa->exponent != sgx::Sigstruct::exponent) {
    return core::error(ErrorCode::Unsupported,
                       "no RSA key of 3072 bits with exponent 3, as SGX wants one");
  }
  return sgx::SignerModulus::from(reversed(rsa->modulus));
}

sgx::MrSigner mr_signer(const sgx::SignerModulus& modulus) noexcept {
  return sgx::MrSigner::from(crypto::sha256({modulus.view()}).view()).value();
}

Result<sgx::Sigstruct> sign_enclave(sgx::Sigstruct wanted, const crypto::PrivateKey& key) {
  wanted.modulus = TRY(signer_modulus(TRY(crypto::public_half_of(key))));
  const auto signature = TRY(key.sign_rsa_pkcs1(signed_digest(wanted)));
  const auto quotients =
      TRY(crypto::rsa_quotients(reversed(wanted.modulus.view()), ByteView(signature)));
  wanted.signature = TRY(sgx::EnclaveSignature::from(reversed(signature)));
  wanted.q1 = TRY(sgx::SignatureQuotient::from(reversed(quotients.q1)));
  wanted.q2 = TRY(sgx::SignatureQuotient::from(reversed(quotients.q2)));
  return wanted;
}

bool is_signed(const sgx::Sigstruct& enclave) {
  const auto modulus = reversed(enclave.modulus.view());
  const auto signature = reversed(enclave.signature.view());
  const auto key = crypto::PublicKey::rsa_exponent_3(modulus);
  if (!key || !key->verify_rsa_pkcs1(signed_digest(enclave), signature)) return false;
  const auto quotients = crypto::rsa_quotients(modulus, signature);
  return quotients && std::ranges::equal(reversed(quotients->q1), enclave.q1.view()) &&
         std::ranges::equal(reversed(quotients->q2), enclave.q2.view());
}

}  // namespace merlon::signing
