#pragma once

// $filestat and $fstflags, for files by descriptor and by path.

#include "merlon/os/file.h"
#include "merlon/wasi/guest_memory.h"

namespace merlon::wasi {

/// Fault if the record does not fit into the guest's memory at `address`.
[[nodiscard]] Result<void> store_filestat(GuestMemory memory, GuestAddress address,
                                          const os::FileStatus& status, Filetype filetype);

/// Inval for unknown flags, and when a time is to be both set and now.
[[nodiscard]] Result<os::TimeChanges> time_changes(Timestamp atim, Timestamp mtim,
                                                   std::uint32_t fst_flags);

}  // namespace merlon::wasi
