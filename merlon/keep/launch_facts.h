#pragma once

// What a keep runs, and what its host has decided, as the JSON text that evidence of a workload
// holds the hash of (docs/keep-interface.md). Pure.

#include <string>

#include "merlon/crypto/hash.h"
#include "merlon/keep/source.h"
#include "merlon/launch/message.h"

namespace merlon::keep {

/// Which keys speak for the keep, and which module it runs.
struct OwnDigests {
  crypto::Sha256Digest module;
  crypto::Sha256Digest tls_key;  ///< of the DER SubjectPublicKeyInfo
  crypto::Sha256Digest hpke_key;
};

/// The same for the same launch; one line and its end.
[[nodiscard]] std::string launch_facts(const launch::Message& message, const Source& source,
                                       const OwnDigests& digests);

}  // namespace merlon::keep
