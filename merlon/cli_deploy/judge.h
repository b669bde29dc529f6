#pragma once

// Whether a keep is what the tenant's policy wants, before anything is sealed to it.

#include "merlon/cli_evidence/files.h"
#include "merlon/crypto/x25519.h"
#include "merlon/delivery/challenge.h"
#include "merlon/launch/proof.h"

namespace merlon::cli_deploy {

/// The key that workloads for this keep are sealed to, after its evidence was found to hold: by the
/// policy that --policy names, else genuine, of hardware, and the very keep that this installation
/// launches; fresh, by the nonce, and for this key. A keep without evidence is taken only with
/// --insecure-backend. Says on standard error what was found. `proof` is the host's word.
[[nodiscard]] cli_evidence::Result<crypto::X25519PublicKey> judge(const cli::Arguments& arguments,
                                                                  const cli::Terminal& terminal,
                                                                  const launch::Proof& proof,
                                                                  const delivery::Nonce& nonce);

}  // namespace merlon::cli_deploy
