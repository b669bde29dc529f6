// merlon-dial HOST PORT: connects a keep with its Steward whenever the keep asks for it on
// descriptor 3 (launch/dial.h), and ends with it. A process of its own: the keep may not connect,
// and merlon waits for the keep's end.

#include <string>

#include "merlon/base/text.h"
#include "merlon/host/resolve.h"
#include "merlon/launch/dial.h"
#include "merlon/os/process.h"
#include "merlon/os/socket.h"
#include "merlon/os/surrender.h"

namespace {

using namespace merlon;

/// Tries each address of the host, and tells of the last failure.
core::Result<os::Fd, std::string> connect(const std::string& host, std::uint16_t port) {
  const auto addresses = host::resolve_host(host);
  if (!addresses) return addresses.error();
  os::Errno last = os::Errno::Inval;
  for (const std::string& address : *addresses) {
    auto socket = os::connect_tcp(address, port);
    if (socket) {
      static_cast<void>(os::send_without_delay(*socket));  // slower without, and as good
      return *std::move(socket);
    }
    last = socket.error();
  }
  return std::string(os::describe(last));
}

}  // namespace

int main(int argc, char** argv) {
  constexpr os::BorrowedFd channel{3};
  constexpr int usage = 2;
  if (argc != 3) return usage;
  os::end_with_parent();
  os::ignore_broken_pipes();
  const std::string host = argv[1];
  std::uint32_t port = 0;
  for (const char c : std::string_view(argv[2])) {
    if (c < '0' || c > '9' || port > 65'535) return usage;
    port = port * 10 + static_cast<std::uint32_t>(c - '0');
  }
  if (port == 0 || port > 65'535) return usage;
  while (launch::is_asked_for_connection(channel)) {
    const auto connection = connect(host, static_cast<std::uint16_t>(port));
    const auto told = connection ? launch::send_connection(channel, *connection)
                                 : launch::refuse_connection(channel, connection.error());
    if (!told) break;
  }
  return 0;
}
