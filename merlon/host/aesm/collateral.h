#pragma once

// What this host has of Intel's word on its platform, for enclaves that ask
// (AttestKind::Collateral): the caches that `merlon platform sgx cache-crl` and `cache-tcb` fill,
// where Enarx has them, or the directory of a simulated machine, which has the same files.

#include <string>
#include <vector>

#include "merlon/host/host_error.h"

namespace merlon::host::aesm {

inline constexpr std::string_view sgx_cache = "/var/cache/intel-sgx";

/// As sgx::platform_collateral() has it; from crls.der, tcb.der and, if it is there,
/// qe-identity.json in `directory`. Malformed: a file that is something else. NotFound, and others
/// of the system.
[[nodiscard]] core::Result<std::vector<std::uint8_t>, HostError> read_collateral(
    const std::string& directory);

}  // namespace merlon::host::aesm
