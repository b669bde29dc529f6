#pragma once

// Keys by the names that reports have for them, which are also the names of a policy's keys.

#include <string>

#include "merlon/base/text.h"
#include "merlon/signing/enclave.h"
#include "merlon/signing/guest.h"

namespace merlon::cli_keys {

/// ID_KEY_DIGEST or AUTHOR_KEY_DIGEST, in hexadecimal.
[[nodiscard]] inline std::string digest_text(const snp::PublicKey& key) {
  return base::hex(signing::digest_of(key).view());
}
/// MRSIGNER.
[[nodiscard]] inline std::string digest_text(const sgx::SignerModulus& modulus) {
  return base::hex(signing::mr_signer(modulus).view());
}

}  // namespace merlon::cli_keys
