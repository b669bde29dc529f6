#pragma once

// Volumes as a gatehouse tells its tenants of them, and as merlon does of those on its own machine.

#include <span>
#include <string>

#include "merlon/host/volume_folder.h"

namespace merlon::gatehouse {

/// An array of JSON; a volume that was never written has no "changed".
[[nodiscard]] std::string to_json(std::span<const host::KeptVolume> volumes);

}  // namespace merlon::gatehouse
