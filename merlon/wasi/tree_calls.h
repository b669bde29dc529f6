#pragma once

// Private to the room: what the calls of the guest become where a file lies in this program's own
// memory (merlon/files). The calls on files of the kernel's are os's; both give Linux' errors.

#include "merlon/files/tree.h"
#include "merlon/os/file.h"
#include "merlon/wasi/fd_table.h"

namespace merlon::wasi::tree_calls {

/// Of a TreeFile, at its own position, which moves. With Append at the end.
[[nodiscard]] std::size_t read(FdEntry& entry, os::IoVectors into);
[[nodiscard]] os::Result<std::size_t> write(FdEntry& entry, os::IoVectors from);
/// At `offset`; with Append at the end all the same, as Linux has it.
[[nodiscard]] std::size_t read_at(const FdEntry& entry, os::IoVectors into, std::uint64_t offset);
[[nodiscard]] os::Result<std::size_t> write_at(FdEntry& entry, os::IoVectors from,
                                               std::uint64_t offset);
/// The new position. Inval before the start.
[[nodiscard]] os::Result<std::uint64_t> seek(FdEntry& entry, std::int64_t offset,
                                             os::Whence whence);
[[nodiscard]] std::uint64_t bytes_left(const FdEntry& entry) noexcept;

[[nodiscard]] os::Result<void> allocate(const FdEntry& entry, std::uint64_t offset,
                                        std::uint64_t size);
[[nodiscard]] os::Result<void> resize(const FdEntry& entry, std::uint64_t size);

/// Of either kind.
[[nodiscard]] os::Result<void> keep(const FdEntry& entry);
[[nodiscard]] os::FileStatus status(const FdEntry& entry) noexcept;
[[nodiscard]] os::Result<void> set_times(const FdEntry& entry, os::TimeChanges changes);

}  // namespace merlon::wasi::tree_calls
