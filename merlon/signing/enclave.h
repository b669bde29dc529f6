#pragma once

// Who answers for an SGX enclave: an RSA key of 3072 bits with exponent 3 signs which enclave is
// meant [SDM vol. 3D SIGSTRUCT]. Pure; any thread.

#include "merlon/crypto/private_key.h"
#include "merlon/sgx/sigstruct.h"

namespace merlon::signing {

/// The modulus as SIGSTRUCT has it. Unsupported unless the key is RSA of that kind.
[[nodiscard]] core::Result<sgx::SignerModulus> signer_modulus(const crypto::PublicHalf& half);

/// What reports have as MRSIGNER: SHA-256 of the modulus as it stands in SIGSTRUCT.
[[nodiscard]] sgx::MrSigner mr_signer(const sgx::SignerModulus& modulus) noexcept;

/// `wanted` with the signer's modulus, signature, Q1 and Q2; what it has of these is passed over.
/// The same each time. Unsupported unless the key is RSA of that kind.
[[nodiscard]] core::Result<sgx::Sigstruct> sign_enclave(sgx::Sigstruct wanted,
                                                        const crypto::PrivateKey& key);

/// Whether the signature holds and Q1 and Q2 are its own, as a processor checks before it starts an
/// enclave.
[[nodiscard]] bool is_signed(const sgx::Sigstruct& enclave);

}  // namespace merlon::signing
