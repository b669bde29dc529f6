#pragma once

// Calls on a guest's sockets, waiting only where and when a guest may wait.

#include "merlon/wasi/context.h"
#include "merlon/wasi/guest_memory.h"

namespace merlon::wasi {

/// At least a byte, or the end; waits for it unless the guest set Nonblock (Again).
[[nodiscard]] Result<os::Received> receive(Context& context, FdEntry& socket, os::IoVectors into,
                                           os::ReceiveFlags flags);

/// Takes what can be taken now, at least a byte; waits for that as above. What a guest that waits
/// has written is sent when this comes back, as far as a stream of the kernel's can tell.
[[nodiscard]] Result<std::size_t> send(Context& context, FdEntry& socket, os::IoVectors from);

/// The next connection of a Listener, as an entry; waits for it as above.
[[nodiscard]] Result<FdEntry> accept(Context& context, FdEntry& listener);

/// Says the end of a connection that the guest gives up.
void let_go(Context& context, FdEntry& entry);

}  // namespace merlon::wasi
