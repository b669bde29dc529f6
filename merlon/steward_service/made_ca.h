#pragma once

// A CA that is made at the start, for who tries things out. [ENARX steward/src/main.rs]

#include <string>

#include "merlon/codec/time.h"
#include "merlon/core/result.h"
#include "merlon/crypto/secret_bytes.h"

namespace merlon::steward_service {

struct MadeCa {
  std::string certificate;  ///< PEM
  crypto::SecretBytes key;  ///< PEM
};

/// P-256, for 365 days from 10 minutes before `now`; the common name is `host`, below it there is
/// no other CA. One line if it cannot be made.
[[nodiscard]] core::Result<MadeCa, std::string> make_ca(const std::string& host,
                                                        codec::UnixTime now);

}  // namespace merlon::steward_service
