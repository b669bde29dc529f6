#pragma once

// What this host has of AMD's word on its processor, as a keep's reports want it: the certificate
// table of an extended request [GHCB 2.03 §4.1.8.1], made of the files that `merlon platform snp
// update` and `cache-crl` keep [ENARX src/cli/platform/snp]. A cache: judges look at each part.

#include <cstdint>
#include <string>
#include <vector>

#include "merlon/host/host_error.h"
#include "merlon/snp/chip.h"

namespace merlon::host::snp {

inline constexpr const char* amd_cache = "/var/cache/amd-sev";

/// The chip's VCEK at these versions, and as far as they are in `directory` the certificates above
/// it and the list of its product's root.
///
/// Errors: NotFound (no such VCEK; others are of no use without it) · Malformed (a file is not what
/// it should be, or all is more than sallyport::certificate_size), each with the file and what to
/// do.
[[nodiscard]] core::Result<std::vector<std::uint8_t>, HostError> read_certificates(
    const ::merlon::snp::Chip& chip, const std::string& directory);

}  // namespace merlon::host::snp
