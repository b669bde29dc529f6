#pragma once

// Private to the room: the certificate of one granted request.

#include "merlon/steward/judging.h"
#include "merlon/x509/certificate.h"
#include "merlon/x509/issue.h"

namespace merlon::steward {

/// What all leaves of one issuer share.
struct LeafIssuer {
  Bytes subject;            ///< Name in DER
  Bytes key_id;             ///< its subjectKeyIdentifier, or one that is made of its key
  x509::Validity validity;  ///< within which every certificate of its chain counts
  x509::SignatureAlgorithm algorithm = x509::SignatureAlgorithm::EcdsaSha256;
};

/// A leaf that only wants its signature.
struct NewLeaf {
  x509::NewCertificate certificate;
  Issuance issuance;
};

/// A serial number of 16 random bytes, positive. Internal if the kernel gives none.
[[nodiscard]] core::Result<Bytes> new_serial();

/// From `settings.backdate` before now to whatever ends first: the lifetime, the issuer, what the
/// appraisal used. `number` is that of the request.
[[nodiscard]] core::Result<NewLeaf, Refusal> new_leaf(const Granted& granted, Bytes serial,
                                                      const LeafIssuer& issuer,
                                                      const Authority::Settings& settings,
                                                      codec::UnixTime now, std::size_t number);

}  // namespace merlon::steward
