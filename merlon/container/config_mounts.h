#pragma once

// The mounts of config.json: which become directories of the keep, and which it has no use for.

#include "merlon/container/config.h"
#include "merlon/container/config_reader.h"

namespace merlon::container {

/// Whether a mount there is one that engines make in every container and that tells of the machine,
/// its kernel or its names: a keep sees none of that, and misses nothing.
[[nodiscard]] bool is_of_the_machine(std::string_view destination);

[[nodiscard]] Checked<void> read_mounts(const Member& mounts, Config& config);

}  // namespace merlon::container
