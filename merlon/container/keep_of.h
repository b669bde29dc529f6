#pragma once

// A container's configuration as what a keep is started with.

#include "merlon/container/found_workload.h"
#include "merlon/container/init.h"
#include "merlon/host/plan.h"
#include "merlon/host/run_keep.h"

namespace merlon::container {

[[nodiscard]] Outline outline_of(const Config& config);

/// The container is no longer at its door.
void open_door(const Folder& folder);

/// Of a directory, and of memory where there is none.
[[nodiscard]] Checked<host::RunOptions> run_options_of(const InitOrder& order);

/// What a keep's machine needs of this one.
[[nodiscard]] host::MachineOptions machine_of(const Settings& settings, host::Backend backend);

/// Who the keep runs as on this machine.
[[nodiscard]] core::Result<void, host::RunRefusal> take_identity(const Config& config);

/// A line on standard error.
void tell(std::string_view text);

/// Until its end, whose exit status it gives.
[[nodiscard]] int run_keep_of(const InitOrder& order, FoundWorkload found);

}  // namespace merlon::container
