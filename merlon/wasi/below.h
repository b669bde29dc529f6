#pragma once

// Private to the room: what path calls do below a directory that the guest holds, whether it is
// the kernel's or lies in this program's memory. What leads out of it is Outside; between two that
// do not lie together it is Xdev.

#include "merlon/os/path.h"
#include "merlon/os/resolver.h"
#include "merlon/wasi/context.h"

namespace merlon::wasi::below {

[[nodiscard]] os::Result<void> create_directory(Context& context, const FdEntry& directory,
                                                const os::Path& path);
[[nodiscard]] os::Result<void> remove_directory(Context& context, const FdEntry& directory,
                                                const os::Path& path);
[[nodiscard]] os::Result<void> unlink(Context& context, const FdEntry& directory,
                                      const os::Path& path);
[[nodiscard]] os::Result<os::FileStatus> status(Context& context, const FdEntry& directory,
                                                const os::Path& path, os::Follow follow);
[[nodiscard]] os::Result<void> set_times(Context& context, const FdEntry& directory,
                                         const os::Path& path, os::Follow follow,
                                         os::TimeChanges changes);
[[nodiscard]] os::Result<void> link(Context& context, const FdEntry& from_directory,
                                    const os::Path& from, const FdEntry& to_directory,
                                    const os::Path& to);
[[nodiscard]] os::Result<void> rename(Context& context, const FdEntry& from_directory,
                                      const os::Path& from, const FdEntry& to_directory,
                                      const os::Path& to);
[[nodiscard]] os::Result<void> symlink(Context& context, const os::Path& target,
                                       const FdEntry& directory, const os::Path& path);
/// How much of the link's text fitted into `into`.
[[nodiscard]] os::Result<std::size_t> read_link(Context& context, const FdEntry& directory,
                                                const os::Path& path, core::ByteSpan into);

}  // namespace merlon::wasi::below
