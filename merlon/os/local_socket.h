#pragma once

// Sockets between processes of one machine, found by a path.

#include <chrono>
#include <optional>
#include <string>

#include "merlon/os/fd.h"

namespace merlon::os {

/// Listens at `path`, which must not be there and which only this user can use. Noent · Addrinuse ·
/// Nametoolong (more than 107 bytes) · …
[[nodiscard]] Result<Fd> listen_local(const std::string& path) noexcept;
/// Connects with who listens there; with `patience` only so long, of whole microseconds. Noent ·
/// Connrefused (nobody does any more) · Again (he takes no more in that time) · …
[[nodiscard]] Result<Fd> connect_local(
    const std::string& path,
    std::optional<std::chrono::microseconds> patience = std::nullopt) noexcept;

/// The same, in the place of a socket at which nobody listens any more. Addrinuse: somebody does,
/// or there is something else.
[[nodiscard]] Result<Fd> listen_local_anew(const std::string& path) noexcept;
/// Takes the socket's name away.
void remove_socket(const std::string& path) noexcept;

/// Whether the other end is a process of this user. A socket's permissions say so already, but for
/// the superuser.
[[nodiscard]] bool is_of_this_user(BorrowedFd socket) noexcept;
/// Of what we have connected with: the process that listens there, and not one that was given the
/// descriptor. Srch: it has ended, or is in none of our process namespaces · Mfile · …
[[nodiscard]] Result<Fd> process_at_other_end(BorrowedFd socket) noexcept;

/// From now on nothing that is received or sent there waits longer: Again.
[[nodiscard]] Result<void> limit_waiting(BorrowedFd socket,
                                         std::chrono::microseconds patience) noexcept;

}  // namespace merlon::os
