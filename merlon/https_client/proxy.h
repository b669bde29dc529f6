#pragma once

// Which proxy of HTTP a server is reached through, as HTTPS_PROXY and NO_PROXY say it, and the
// tunnel that the proxy makes [RFC9110 §9.3.6]. TLS goes through the tunnel: the proxy learns the
// server's name and how much is said. What it answers is attacker-controlled.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "merlon/core/result.h"
#include "merlon/http_client/exchange.h"

namespace merlon::https_client {

struct Proxy {
  std::string host;  ///< without the brackets of an IPv6 address
  std::uint16_t port = 0;
  std::string authorization;  ///< of Proxy-Authorization, a secret; empty: none
  bool operator==(const Proxy&) const = default;
};

class ProxyRules {
 public:
  ProxyRules() = default;

  /// Of "http://[USER:PASSWORD@]HOST[:PORT][/]"; empty: no proxy. `exceptions` are names with ","
  /// between them, each of a server or of a domain, perhaps with ":PORT"; "*" is all. The error is
  /// a line for people without the password in it.
  [[nodiscard]] static core::Result<ProxyRules, std::string> parse(const std::string& proxy,
                                                                   const std::string& exceptions);

  /// For a server; null: it is reached directly, as this machine itself always is.
  [[nodiscard]] const Proxy* find(std::string_view host, std::uint16_t port) const noexcept;

 private:
  std::optional<Proxy> proxy_;
  std::vector<std::string> exceptions_;
};

/// Has the proxy at the other end of `stream` connect it with a server. Unavailable · Denied (the
/// proxy's status is the detail) · Malformed.
[[nodiscard]] core::Result<void> open_tunnel(net::Stream& stream, const Proxy& proxy,
                                             const std::string& host, std::uint16_t port,
                                             std::chrono::nanoseconds limit);

}  // namespace merlon::https_client
