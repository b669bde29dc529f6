#pragma once

// Reading and writing at a file's own position, for every kind of file, waiting only where and when
// a guest may wait.

#include "merlon/wasi/context.h"
#include "merlon/wasi/guest_memory.h"

namespace merlon::wasi {

/// Reads what is there, waiting for the first byte unless the guest set Nonblock (Again).
/// 0 = end of file. Isdir for directories.
[[nodiscard]] Result<std::size_t> read_file(Context& context, FdEntry& entry, IoBuffers& into);

/// Writes everything, waiting as long as it takes, unless the guest set Nonblock: then what can be
/// written at once (Again if nothing). After a partial write an error is left for the next call.
[[nodiscard]] Result<std::size_t> write_file(Context& context, FdEntry& entry, IoBuffers& from);

}  // namespace merlon::wasi
