#pragma once

// The directories of a workload that lie within its keep: the package's, and empty ones.

#include <memory>
#include <string>

#include "merlon/base/budget.h"
#include "merlon/core/result.h"
#include "merlon/files/tree.h"
#include "merlon/keep/work.h"
#include "merlon/wasi/context.h"

namespace merlon::keep {

/// Reads the archive that came with the launch, and has the message name it. `budget` counts its
/// bytes. Null if no mount is filled from one. The error is a line for the user.
[[nodiscard]] core::Result<std::optional<files::Archive>, std::string> take_archive(
    Work& work, base::Budget& budget);

/// Puts a directory for each mount into `context`, behind what is there. `volume` is the tree of
/// the one that is of the launch's volume. `budget` outlives the context.
[[nodiscard]] core::Result<void, std::string> give_mounts(
    const launch::Message& message, const std::optional<files::Archive>& archive,
    const std::shared_ptr<files::Tree>& volume, base::Budget& budget, wasi::Context& context);

/// Files of the keep bear the time that its workload goes by.
[[nodiscard]] files::Tree::Clock clock_of(wasi::Context& context);

}  // namespace merlon::keep
