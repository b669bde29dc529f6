#pragma once

// A keep's certification request in Enarx's form [ENARX crates/attestation; RFC2986]: no name, the
// keep's key, and its evidence as the one extension.

#include "merlon/identity/keys.h"

namespace merlon::identity {

/// DER. A keep that took a sealed delivery says so in `workload`, which is a second extension that
/// Enarx's Steward does not take. `evidence` holds the keys as Enarx has it
/// (SessionKeys::as_enarx()). `certificates` is the host's certificate table, of which a Steward
/// needs the VCEK and the revocation list; of SGX it is what sgx/platform_collateral.h has. A keep
/// without hardware behind it (Kvm) has neither: both are empty.
///
/// Errors: NotFound (the host has no VCEK, or nothing of Intel's) · Unsupported (a technology that
/// is not made here yet) · Malformed (what the host has).
[[nodiscard]] core::Result<std::vector<std::uint8_t>> certification_request(
    const SessionKeys& keys, evidence::Technology technology, core::ByteView evidence,
    core::ByteView certificates,
    const std::optional<evidence::WorkloadClaims>& workload = std::nullopt);

}  // namespace merlon::identity
