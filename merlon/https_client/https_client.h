#pragma once

// Requests to servers of HTTPS, waiting for the answer: each over a connection of its own, or over
// those that are kept for who asks often. Answers are the servers' word. Errors are lines for
// people.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "merlon/http_client/exchange.h"
#include "merlon/https_client/proxy.h"
#include "merlon/tls/context.h"

namespace merlon::https_client {

/// Whom to believe, and who one is; paths of files in PEM.
struct TlsFiles {
  std::string ca_bundle;    ///< whose certificates a server may show; empty: those of the web
  std::string certificate;  ///< one's own; empty: none is shown
  std::string key;          ///< its private key
  bool operator==(const TlsFiles&) const = default;
};

template <typename T>
using Result = core::Result<T, std::string>;

/// DER of whom the `ca_bundle` of that name believes, which is PEM. An error is a line.
[[nodiscard]] Result<std::vector<std::vector<std::uint8_t>>> read_certificates(
    const std::string& path);

/// Whether a host's name, without brackets, says this machine itself.
[[nodiscard]] bool is_of_this_machine(std::string_view host) noexcept;

/// One request, and where its answer goes.
struct Asking {
  std::string_view method;
  std::string path;
  std::string content_type{};
  std::string authorization{};               ///< the header's value; goes to this server only
  std::vector<http_client::Field> fields{};  ///< further headers
  core::ByteView body{};                     ///< or:
  std::optional<http_client::BodySource> source{};
  std::size_t largest_answer = 0;  ///< of what is given back
  http_client::Sink sink{};        ///< for the bodies of 200 and 206, if there is one
  std::uint64_t largest_in_sink = 0;
  std::string accept = "*/*";
};

class KeptConnections;

/// Any thread, once it is set up.
class HttpsClient {
 public:
  /// Of "https://HOST[:PORT][/PATH]", whose path is given back in `path`; "http://" on this machine
  /// only.
  [[nodiscard]] static Result<HttpsClient> create(const std::string& url, const TlsFiles& files,
                                                  std::string& path);

  /// `authorization` is the value of that header; it goes to this server only.
  [[nodiscard]] Result<http_client::Answer> ask(std::string_view method, const std::string& path,
                                                core::ByteView body, std::size_t largest_answer,
                                                const std::string& authorization = {}) const;

  /// The same with all that a request can have. Its answer may take the time that is set below, and
  /// more where much is carried; a connection that is idle for a minute is given up.
  [[nodiscard]] Result<http_client::Answer> ask(const Asking& asking) const;

  /// How its server is reached. Directly at first.
  void set_proxies(const ProxyRules& rules);
  /// How long an answer may take in all; two minutes at first.
  void set_patience(std::chrono::nanoseconds patience) noexcept { patience_ = patience; }
  /// So many connections wait for further requests at most; none at first. A server may end one at
  /// any time, so that a request may fail that another connection would have carried: for who asks
  /// again then.
  void keep_connections(std::size_t most);
  /// As requests say it: the Host header.
  [[nodiscard]] std::string host_header() const;

 private:
  HttpsClient(std::string host, std::uint16_t port, std::optional<tls::Context> tls) noexcept
      : host_(std::move(host)), port_(port), tls_(std::move(tls)) {}
  [[nodiscard]] Result<std::shared_ptr<net::Stream>> connect() const;
  [[nodiscard]] http_client::Request request_of(const Asking& asking) const;

  std::string host_;
  std::uint16_t port_;
  std::optional<tls::Context> tls_;
  std::optional<Proxy> proxy_;
  std::shared_ptr<KeptConnections> kept_;  ///< shared by copies of this client
  std::chrono::nanoseconds patience_ = std::chrono::seconds(120);
};

}  // namespace merlon::https_client
