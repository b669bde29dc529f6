#pragma once

// $filestat and $fstflags, for files by descriptor and by path.

#include "merlon/os/file.h"
#include "merlon/wasi/context.h"
#include "merlon/wasi/guest_memory.h"

namespace merlon::wasi {

/// What a $filestat tells, whatever its layout.
struct Filestat {
  os::FileStatus status;
  Filetype type = Filetype::Unknown;
};

/// Errors: Badf · Notcapable · the kernel's.
[[nodiscard]] Result<Filestat> filestat_of(Context& context, FdNumber fd);

/// Of the file that a path names. Errors: as directory_of(), follow_of(), GuestMemory::path() · the
/// kernel's.
[[nodiscard]] Result<Filestat> filestat_below(Context& context, GuestMemory memory, FdNumber fd,
                                              std::uint32_t flags, GuestAddress path,
                                              GuestSize path_len);

/// Fault if the record does not fit into the guest's memory at `address`.
[[nodiscard]] Result<void> store_filestat(GuestMemory memory, GuestAddress address,
                                          const Filestat& filestat);

/// Inval for unknown flags, and when a time is to be both set and now.
[[nodiscard]] Result<os::TimeChanges> time_changes(Timestamp atim, Timestamp mtim,
                                                   std::uint32_t fst_flags);

}  // namespace merlon::wasi
