#pragma once

// Sockets of the kernel's as streams: bytes go through as they are.

#include "merlon/net/stream.h"

namespace merlon::net {

/// A connected socket, also one for datagrams. O_NONBLOCK need not be set.
class SocketStream final : public Stream {
 public:
  explicit SocketStream(os::Fd socket) noexcept : socket_(std::move(socket)) {}

  [[nodiscard]] os::BorrowedFd descriptor() const noexcept override { return socket_; }
  [[nodiscard]] os::Result<os::Received> receive(os::IoVectors into,
                                                 os::ReceiveFlags flags) override;
  [[nodiscard]] os::Result<std::size_t> send(os::IoVectors from) override;
  [[nodiscard]] os::Result<void> shut_down(bool reading, bool writing) override;

 private:
  os::Fd socket_;
};

/// A listening socket. O_NONBLOCK must be set.
class SocketListener final : public Listener {
 public:
  explicit SocketListener(os::Fd socket) noexcept : socket_(std::move(socket)) {}

  [[nodiscard]] os::BorrowedFd descriptor() const noexcept override { return socket_; }
  [[nodiscard]] os::Result<std::unique_ptr<Stream>> accept() override;
  void add_awaited(std::vector<os::PollItem>& items) const override;

 private:
  os::Fd socket_;
};

}  // namespace merlon::net
