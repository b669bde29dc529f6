#pragma once

// A container's configuration as what a keep is started with.

#include "merlon/container/found_workload.h"
#include "merlon/container/init.h"
#include "merlon/host/plan.h"

namespace merlon::container {

[[nodiscard]] Outline outline_of(const Config& config);

/// The container is no longer at its door.
void open_door(const Folder& folder);

/// Of a directory, and of memory where there is none.
[[nodiscard]] Checked<host::RunOptions> run_options_of(const InitOrder& order);

/// The backend that is asked for: by annotation, else by the settings, else the strongest.
[[nodiscard]] Checked<std::optional<host::Backend>> backend_of(const Config& config,
                                                               const Settings& settings);

/// Until its end, whose exit status it gives.
[[nodiscard]] int run_keep_of(const InitOrder& order, FoundWorkload found);

}  // namespace merlon::container
