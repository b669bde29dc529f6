#pragma once

// The two numbers that stand beside the signature of an enclave. Pure; any thread.

#include <cstdint>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"

namespace merlon::crypto {

/// Q1 = ⌊s² / n⌋ and Q2 = ⌊(s³ - Q1·s·n) / n⌋ of an RSA signature s with exponent 3 under the
/// modulus n: what a processor needs beside the signature to check it by multiplications alone [SDM
/// vol. 3D SIGSTRUCT]. All most significant byte first and as long as the modulus.
struct RsaQuotients {
  std::vector<std::uint8_t> q1;
  std::vector<std::uint8_t> q2;
};
/// Neither number is secret. Malformed if the modulus is zero or longer than 512 bytes, or the
/// signature not below it.
[[nodiscard]] core::Result<RsaQuotients> rsa_quotients(core::ByteView modulus,
                                                       core::ByteView signature);

}  // namespace merlon::crypto
