#include "merlon/host/wish.h"

#include <array>

#include "merlon/base/text.h"
#include "merlon/host/programs.h"
#include "merlon/host/resolve.h"
#include "merlon/os/channel.h"
#include "merlon/os/process.h"
#include "merlon/os/socket.h"

namespace merlon::host {

using base::concat;

namespace {

template <typename T>
using Result = core::Result<T, HostError>;

HostError host_error(os::Errno number, std::string_view text) {
  return {os::to_error(number, "").code, concat(text, ": ", os::describe(number))};
}

/// An address and port as one writes them: [::1]:80.
std::string endpoint(std::string_view host, std::uint16_t port) {
  const bool colons = host.find(':') != std::string_view::npos;
  return colons ? concat("[", host, "]:", port) : concat(host, ":", port);
}

using OpenSocket = os::Result<os::Fd> (*)(std::string_view, std::uint16_t) noexcept;

/// Tries each address of `host`, and tells of the last failure.
Result<os::Fd> open_socket(std::string_view what, const std::string& host, std::uint16_t port,
                           OpenSocket open) {
  const auto addresses = resolve_host(host);
  if (!addresses) {
    return HostError{core::ErrorCode::Unavailable,
                     concat("cannot ", what, " ", endpoint(host, port), ": ", addresses.error())};
  }
  os::Errno last = os::Errno::Inval;
  for (const std::string& address : *addresses) {
    auto socket = open(address, port);
    if (socket) return *std::move(socket);
    last = socket.error();
  }
  return host_error(last, concat("cannot ", what, " ", endpoint(host, port)));
}

/// Starts who connects the keep with its Steward, and gives the keep's end of the channel.
Result<os::Fd> start_dialling(const std::string& host, std::uint16_t port) {
  const std::string program = TRY(find_program("merlon-dial"));
  auto channel = os::open_channel();
  if (!channel) return host_error(channel.error(), "cannot open a channel");
  const auto child = os::ChildProcess::spawn(
      program, std::array{std::string("merlon-dial"), host, std::to_string(port)}, channel->here);
  if (!child) return host_error(child.error(), concat("cannot start ", program));
  return std::move(channel->there);
}

}  // namespace

std::string describe(const Wish& wish) {
  switch (wish.kind) {
    case Wish::Kind::Listen: return concat("listen on ", endpoint(wish.host, wish.port));
    case Wish::Kind::Connect: return concat("connect to ", endpoint(wish.host, wish.port));
    case Wish::Kind::Steward: break;
  }
  return concat("reach the Steward ", endpoint(wish.host, wish.port));
}

Result<os::Fd> fulfil(const Wish& wish) {
  // As upstream: this name is never looked up.
  const std::string host =
      wish.host == "localhost" && wish.kind != Wish::Kind::Listen ? "127.0.0.1" : wish.host;
  if (wish.kind == Wish::Kind::Steward) return start_dialling(host, wish.port);
  os::Fd socket = wish.kind == Wish::Kind::Listen
                      ? TRY(open_socket("listen on", host, wish.port, &os::listen_tcp))
                      : TRY(open_socket("connect to", host, wish.port, &os::connect_tcp));
  // Slower without, and as good.
  if (wish.speaks_tls) static_cast<void>(os::send_without_delay(socket));
  return socket;
}

}  // namespace merlon::host
