#pragma once

// What the security processor of this machine says of it: its id, and the versions of firmware that
// its reports name. Not yet run on hardware.

#include <array>
#include <cstdint>

#include "merlon/host/snp/device.h"

namespace merlon::host::snp {

struct ChipFacts {
  std::array<std::uint8_t, 64> id{};  ///< of the first socket
  std::array<std::uint8_t, 8> reported_tcb{};
};

/// Errors: those of opening /dev/sev and of its commands (root only); Range: an id of another size.
[[nodiscard]] os::Result<ChipFacts> read_chip(Device& device);

}  // namespace merlon::host::snp
