#pragma once

// A talk that is to be taken up again: what a tenant keeps of a keep that goes on without him, in
// $XDG_STATE_HOME/merlon/keeps/ID. Whoever reads such a file can read the talk; only its owner can.

#include "merlon/cli_deploy/gatehouse_client.h"
#include "merlon/codec/time.h"
#include "merlon/crypto/hpke.h"
#include "merlon/verify/policy.h"

namespace merlon::cli_deploy {

struct KeptTalk {
  std::string id;
  GatehouseAddress gatehouse;
  crypto::Sha256Digest module;
  crypto::SecretBytes secret;  ///< the exporter's
  /// By what the keep was judged when it got the workload; nothing in a talk that an earlier
  /// version kept.
  std::optional<verify::BindToChallenge> binding{};
  codec::UnixTime challenged{};  ///< by this machine's clock
};

[[nodiscard]] cli_evidence::Result<void> keep_talk(const cli::Terminal& terminal,
                                                   const KeptTalk& talk);
[[nodiscard]] cli_evidence::Result<KeptTalk> find_talk(const cli::Terminal& terminal,
                                                       const std::string& id);
void forget_talk(const cli::Terminal& terminal, const std::string& id);

/// Where the keep is: as the command line says, or by the talk that is kept with it. Empty `id`: no
/// keep's.
[[nodiscard]] cli_evidence::Result<GatehouseClient> client_for(const cli::Arguments& arguments,
                                                               const cli::Terminal& terminal,
                                                               const std::string& id);

}  // namespace merlon::cli_deploy
