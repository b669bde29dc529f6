#pragma once

// The part of a package that a workload gets to see, in the one form that follows from the names
// and contents alone: whoever makes it, tenant or keep, from a folder, a registry's tree or an
// archive, gets the same bytes.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/files/archive.h"

namespace merlon::files {

/// Whether `path` is one of `directories`, lies in one, or leads to one. "" is all of a package.
[[nodiscard]] bool is_selected(std::string_view path, std::span<const std::string> directories);

/// What of `package` is selected; all times are 0.
/// Errors: as ArchiveWriter::add().
[[nodiscard]] core::Result<std::vector<std::uint8_t>> select(
    const Archive& package, std::span<const std::string> directories);

}  // namespace merlon::files
