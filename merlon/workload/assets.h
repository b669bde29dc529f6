#pragma once

// The files of a package that its keep gets to see, as the archive in which they travel.

#include <cstdint>
#include <string>
#include <vector>

#include "merlon/core/result.h"
#include "merlon/os/fd.h"
#include "merlon/workload/package_error.h"

namespace merlon::workload {

/// What lies in `directories`, each a path below `package`, which is open for reading, or "" for
/// all of it; and nothing else that is there. `path` names the package for people. Symbolic links
/// stay links, whatever they say: in the keep they lead nowhere out of the directory that is
/// mounted.
///
/// Errors: NotFound · Denied · Unavailable · Unsupported (a device, FIFO or socket) · Exhausted
///         (files::max_archive_size, files::max_archive_entries).
[[nodiscard]] core::Result<std::vector<std::uint8_t>, PackageError> read_assets(
    os::BorrowedFd package, const std::string& path, const std::vector<std::string>& directories);

}  // namespace merlon::workload
