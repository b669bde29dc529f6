#pragma once

// A talk that is to be taken up again: what a tenant keeps of a keep that goes on without him, in
// $XDG_STATE_HOME/merlon/keeps/ID. Whoever reads such a file can read the talk; only its owner can.

#include "merlon/cli_deploy/gatehouse_client.h"
#include "merlon/crypto/hpke.h"

namespace merlon::cli_deploy {

struct KeptTalk {
  std::string id;
  GatehouseAddress gatehouse;
  crypto::Sha256Digest module;
  crypto::SecretBytes secret;  ///< the exporter's
};

[[nodiscard]] cli_evidence::Result<void> keep_talk(const cli::Terminal& terminal,
                                                   const KeptTalk& talk);
[[nodiscard]] cli_evidence::Result<KeptTalk> find_talk(const cli::Terminal& terminal,
                                                       const std::string& id);
void forget_talk(const cli::Terminal& terminal, const std::string& id);

}  // namespace merlon::cli_deploy
