#pragma once

// The key by which a tenant challenges keeps and signs what he delivers.

#include "merlon/cli_evidence/files.h"
#include "merlon/crypto/private_key.h"

namespace merlon::cli_deploy {

/// Of the file that --key names; else a new one for this delivery alone. The claims of a keep name
/// it, so that a tenant who uses one key can be told by it.
[[nodiscard]] cli_evidence::Result<crypto::PrivateKey> tenant_key(const cli::Arguments& arguments);

}  // namespace merlon::cli_deploy
