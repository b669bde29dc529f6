#pragma once

// Which processor this machine has, in the numbers for which AMD has its certificate: as CPUID and
// the security processor tell. Not yet run on hardware.

#include <cstdint>
#include <optional>

#include "merlon/host/host_error.h"
#include "merlon/host/snp/device.h"
#include "merlon/snp/chip.h"

namespace merlon::host::snp {

/// By CPUID's signature, leaf 1 EAX [AMD 3 CPUID Fn0000_0001]; nothing of a processor without
/// SEV-SNP.
[[nodiscard]] std::optional<::merlon::snp::Product> product_of(std::uint32_t signature) noexcept;

/// The first socket's, with the versions that its reports name.
///
/// Errors: Unavailable (no such processor, or its device does not tell; the text says what to do).
[[nodiscard]] core::Result<::merlon::snp::Chip, HostError> own_chip(Device& device,
                                                                    std::uint32_t signature);

}  // namespace merlon::host::snp
