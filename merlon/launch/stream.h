#pragma once

// Bytes of a stream, all of them. Plain reads and writes, which every
// confinement of ours allows.

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"
#include "merlon/os/fd.h"

namespace merlon::launch {

/// Unavailable: nobody reads.
[[nodiscard]] core::Result<void> write_stream(os::BorrowedFd stream, core::ByteView bytes);

/// Fills `bytes`. Unavailable: the other end closed before the first of them, and `may_be_over`;
/// Malformed: it closed later.
[[nodiscard]] core::Result<void> read_stream(os::BorrowedFd stream, core::ByteSpan bytes,
                                             bool may_be_over);

}  // namespace merlon::launch
