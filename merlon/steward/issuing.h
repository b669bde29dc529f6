#pragma once

// Private to the room: an issuer that was checked, and what it signs.

#include "merlon/steward/leaf.h"

namespace merlon::steward {

/// Why an issuer cannot be one, as Authority::create says.
[[nodiscard]] core::Result<LeafIssuer, std::string> check_issuer(const Issuer& issuer);

/// The signed certificate. Internal if the library gives no signature.
[[nodiscard]] core::Result<Bytes> sign(const x509::NewCertificate& made,
                                       x509::SignatureAlgorithm algorithm,
                                       const crypto::PrivateKey& key);

}  // namespace merlon::steward
