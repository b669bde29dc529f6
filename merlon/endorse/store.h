#pragma once

// Fetched endorsements as files of a directory, which `evidence verify --endorsements` reads.

#include <string>

#include "merlon/core/result.h"
#include "merlon/endorse/fetcher.h"
#include "merlon/os/errno.h"

namespace merlon::endorse {

/// Makes the directory if it is not there; the one that it lies in must be. Noent if that is
/// missing, Notdir if either is something else.
[[nodiscard]] os::Result<void> make_directory(const std::string& path);

/// Writes `name` in `directory`, which must exist: first under another name, then moved into its
/// place, so that a reader sees the old file or the new one and never half of one.
[[nodiscard]] core::Result<void> store(const std::string& directory, const std::string& name,
                                       core::ByteView bytes);

/// Body and, if there is one, chain.
[[nodiscard]] core::Result<void> store(const std::string& directory, const Fetched& fetched);

}  // namespace merlon::endorse
