#pragma once

// What a keep's owner signed (docs/keys.md), for whoever launches the keep: the security processor
// refuses a keep that is another, and says in each report who signed.

#include <cstdint>
#include <string>
#include <vector>

#include "merlon/host/plan.h"

namespace merlon::host {

/// For SNP_LAUNCH_START and _FINISH; nobody has checked a signature yet.
struct LaunchSignature {
  std::uint64_t policy = 0;            ///< that the block asks for, and so the launch must
  std::vector<std::uint8_t> id_block;  ///< ID_BLOCK, 96 bytes [SNP-ABI 1.58 §8.18]
  std::vector<std::uint8_t> id_auth;   ///< ID_AUTH, 4096 bytes
  bool has_author_key = false;
};

/// Of a file of signatures, as `merlon sign` and Enarx write it. The text names the file.
///
/// Errors: NotFound and others of the system · Malformed, Unsupported (no such file) · NotFound (no
/// signature of SEV-SNP in it).
[[nodiscard]] core::Result<LaunchSignature, HostError> read_launch_signature(
    const std::string& path);

/// The same of an enclave: its SIGSTRUCT, 1808 bytes. NotFound: no signature of SGX in it.
[[nodiscard]] core::Result<std::vector<std::uint8_t>, HostError> read_enclave_signature(
    const std::string& path);

}  // namespace merlon::host
