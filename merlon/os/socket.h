#pragma once

// Sockets that are already named by numbers: no resolver, no name service. Every call here returns
// at once with Again where it would wait; sending never raises SIGPIPE.

#include <chrono>
#include <cstdint>
#include <string_view>

#include "merlon/os/file.h"

namespace merlon::os {

enum class SocketKind : std::uint8_t { Stream, Datagram, Other };

struct SocketInfo {
  SocketKind kind = SocketKind::Other;
  bool listening = false;
};

/// Notsock for anything else.
[[nodiscard]] Result<SocketInfo> socket_info(BorrowedFd fd) noexcept;

struct Received {
  std::size_t size = 0;
  bool truncated = false;  ///< the rest of a datagram was thrown away
};

struct ReceiveFlags {
  bool peek = false;
};

[[nodiscard]] Result<Fd> accept(BorrowedFd listener) noexcept;
[[nodiscard]] Result<Received> receive(BorrowedFd fd, IoVectors into,
                                       ReceiveFlags flags = {}) noexcept;
[[nodiscard]] Result<std::size_t> send(BorrowedFd fd, IoVectors from) noexcept;
[[nodiscard]] Result<void> shut_down(BorrowedFd fd, bool reading, bool writing) noexcept;

/// A TCP socket that listens on `address` (IPv4 dotted or IPv6 colon form, e.g. "::" for all of
/// both) and `port` (0: the kernel chooses). O_NONBLOCK, closed on exec, address reused.
///
/// Errors: Inval (not a numeric address) · Addrinuse · Acces (a port below 1024) · …
[[nodiscard]] Result<Fd> listen_tcp(std::string_view address, std::uint16_t port) noexcept;

/// A connected TCP socket; waits for the connection. O_NONBLOCK afterwards, closed on exec.
///
/// Errors: Inval (not a numeric address) · Connrefused · Timedout · Hostunreach · …
[[nodiscard]] Result<Fd> connect_tcp(std::string_view address, std::uint16_t port) noexcept;

/// The same with a peer that must give signs of life, at the start and ever after: who does not
/// answer for `silence` (at least 6 s), though the kernel asks, is gone (Timedout).
[[nodiscard]] Result<Fd> connect_tcp_watching(std::string_view address, std::uint16_t port,
                                              std::chrono::seconds silence) noexcept;

/// Reading and writing that would wait for longer is Again, though the socket waits.
[[nodiscard]] Result<void> limit_waiting(BorrowedFd fd, std::chrono::seconds limit) noexcept;

/// What is written goes at once, also where the last piece is on its way still (TCP_NODELAY). Those
/// that a listener accepts have it too. For protocols that write whole messages.
[[nodiscard]] Result<void> send_without_delay(BorrowedFd fd) noexcept;

/// The port that a bound TCP socket has.
[[nodiscard]] Result<std::uint16_t> local_port(BorrowedFd fd) noexcept;

}  // namespace merlon::os
