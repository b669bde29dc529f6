#include "merlon/service/listeners.h"

#include "merlon/base/text.h"
#include "merlon/os/clock.h"
#include "merlon/os/socket.h"

namespace merlon::service {

using base::concat;

Checked<std::vector<os::Fd>> listen_on(std::vector<http::ListenAddress>& addresses) {
  std::vector<os::Fd> listeners;
  for (http::ListenAddress& each : addresses) {
    auto socket = os::listen_tcp(each.address, each.port);
    const auto port = socket ? os::local_port(*socket) : os::Result<std::uint16_t>(socket.error());
    if (!port) {
      return concat("cannot listen on ", base::printable(http::to_string(each)), ": ",
                    os::describe(port.error()));
    }
    each.port = *port;
    listeners.push_back(*std::move(socket));
  }
  return listeners;
}

Checked<std::vector<http::ListenAddress>> addresses_of(std::span<const std::string> values,
                                                       const http::ListenAddress& usual) {
  std::vector<http::ListenAddress> addresses;
  for (const std::string& each : values) {
    const auto address = http::parse_listen_address(each);
    if (!address) {
      return concat("--listen ", base::printable(each), ": must be ADDRESS:PORT or [ADDRESS]:PORT");
    }
    addresses.push_back(*address);
  }
  if (addresses.empty()) addresses.push_back(usual);
  return addresses;
}

bool is_own(const http::ListenAddress& address) noexcept {
  return address.address.starts_with("127.") || address.address == "::1";
}

Checked<void> check_own(std::span<const http::ListenAddress> addresses) {
  for (const http::ListenAddress& each : addresses) {
    if (is_own(each)) continue;
    return base::concat("--development: ", http::to_string(each),
                        " is no address of this machine's own");
  }
  return {};
}

codec::UnixTime clock_now() {
  constexpr std::uint64_t second = 1'000'000'000;
  return {static_cast<std::int64_t>(os::now(os::Clock::Realtime).value_or(0) / second)};
}

}  // namespace merlon::service
