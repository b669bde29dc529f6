#pragma once

// Who vouches for this keep towards those it speaks TLS with: its Steward by a certificate, or
// nobody but itself.

#include <string>
#include <vector>

#include "merlon/keep/self.h"
#include "merlon/launch/channel.h"
#include "merlon/tls/context.h"

namespace merlon::keep {

struct Vouching {
  std::vector<tls::Certificate> chain;    ///< the keep's own first
  std::vector<tls::Certificate> steward;  ///< whom trust in the Steward means: all above the keep
  std::int64_t from = 0;                  ///< seconds since 1970
  std::int64_t until = 0;
};

/// By whom the launch names, at the time `now`, seconds since 1970; waits for
/// the Steward's answer. An error is a line for the user.
[[nodiscard]] core::Result<Vouching, std::string> vouching_for(Self& self,
                                                               const launch::Launch& launch,
                                                               std::int64_t now);

/// What a Steward's answer gives for the key `spki` [ENARX crates/server: PkiPath, the issuer
/// first]. Attacker-controlled, as far as the Steward is: what is no certificate of this key, now,
/// by that issuer, is refused.
[[nodiscard]] core::Result<Vouching, std::string> parse_pki_path(core::ByteView der,
                                                                 core::ByteView spki,
                                                                 std::int64_t now);

/// As Enarx has it: for localhost, by itself, for 365 days.
[[nodiscard]] core::Result<Vouching> self_signed(const identity::SessionKeys& keys,
                                                 std::int64_t now);

}  // namespace merlon::keep
