#pragma once

// Private to the room: what the calls of the guest become where a file is served (served.h).

#include <optional>
#include <string_view>

#include "merlon/os/file.h"
#include "merlon/wasi/fd_table.h"
#include "merlon/wasi/file_attributes.h"

namespace merlon::wasi {

/// What `path` names below a ServedDirectory, as a descriptor with what it may have of `wanted`.
/// Notcapable · Noent · Notdir · Isdir · Exist · Rofs · those of ServedDirectory::open().
[[nodiscard]] Result<FdEntry> open_served(const FdEntry& directory, std::string_view path,
                                          Oflags oflags, Rights wanted);

/// Of either kind.
[[nodiscard]] Result<Filestat> served_filestat(const FdEntry& entry);
[[nodiscard]] Result<Filestat> served_filestat_below(const FdEntry& directory,
                                                     std::string_view path);

/// Of a Served file. Reading does not move its position. Fbig for more than anybody has to say.
[[nodiscard]] Result<std::size_t> read_served(FdEntry& entry, std::uint64_t offset,
                                              os::IoVectors into);
[[nodiscard]] Result<std::size_t> write_served(FdEntry& entry, os::IoVectors from);
/// The new position. Inval before the start.
[[nodiscard]] Result<std::uint64_t> seek_served(FdEntry& entry, std::int64_t offset,
                                                os::Whence whence);
[[nodiscard]] std::uint64_t served_bytes_left(FdEntry& entry);

struct ServedDirent {
  std::string_view name;
  std::uint64_t inode = 0;
  Filetype type = Filetype::Unknown;
};
/// The entry at a place, counted from 0; nothing behind the last.
[[nodiscard]] std::optional<ServedDirent> served_dirent(const FdEntry& directory, DirCookie cookie);

}  // namespace merlon::wasi
