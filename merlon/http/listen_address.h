#pragma once

// Where a server is to listen, as a command line says it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace merlon::http {

struct ListenAddress {
  std::string address;  ///< not known to be one
  std::uint16_t port = 0;
  bool operator==(const ListenAddress&) const = default;
};

/// "192.0.2.1:80", "[2001:db8::1]:80"; nothing for anything else.
[[nodiscard]] std::optional<ListenAddress> parse_listen_address(std::string_view text);

/// As parse_listen_address() takes it.
[[nodiscard]] std::string to_string(const ListenAddress& address);

}  // namespace merlon::http
