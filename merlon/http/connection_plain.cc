#include "merlon/http/connection.h"

namespace merlon::http {

void serve_plain(Core& core, Tcp::socket socket, Peer peer) {
  std::make_shared<Connection<Tcp::socket>>(core, std::move(socket), std::move(peer))->begin();
}

}  // namespace merlon::http
