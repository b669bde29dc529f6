#include "merlon/net/socket.h"

namespace merlon::net {

os::Result<os::Received> SocketStream::receive(os::IoVectors into, os::ReceiveFlags flags) {
  return os::receive(socket_, into, flags);
}

os::Result<std::size_t> SocketStream::send(os::IoVectors from) { return os::send(socket_, from); }

os::Result<void> SocketStream::shut_down(bool reading, bool writing) {
  return os::shut_down(socket_, reading, writing);
}

os::Result<std::unique_ptr<Stream>> SocketListener::accept() {
  auto socket = os::accept(socket_);
  if (!socket) return socket.error();
  return std::unique_ptr<Stream>(std::make_unique<SocketStream>(*std::move(socket)));
}

void SocketListener::add_awaited(std::vector<os::PollItem>& items) const {
  items.push_back({socket_.number(), POLLIN, 0});
}

}  // namespace merlon::net
