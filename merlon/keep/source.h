#pragma once

// Who brought a keep's workload, and what its host allows: part of the launch facts.
//
// The digests are there in a keep that is attested, or that has a sealed volume. Nobody asks
// another for them, and to compute the first makes the library ready, which takes as long as a
// small workload.

#include <cstdint>
#include <optional>

#include "merlon/crypto/hash.h"

namespace merlon::keep {

struct Source {
  std::optional<crypto::Sha256Digest>
      tenant;                    ///< of his key (delivery/challenge.h); none: the host
  crypto::Sha256Digest message;  ///< of the launch message, as he sent it
  /// Of the same, but for what he says of his volume, which is another each time.
  crypto::Sha256Digest configuration;
  std::uint64_t host_max_memory_bytes = 0;  ///< what the host allows; 0: no limit
  std::uint64_t host_timeout_nanoseconds = 0;
};

}  // namespace merlon::keep
