#pragma once

// Requests to servers of HTTPS, for a command: each over a connection of its own, waiting for the
// answer. Answers are the servers' word.

#include <cstdint>
#include <optional>
#include <string>

#include "merlon/cli_evidence/files.h"
#include "merlon/http_client/exchange.h"
#include "merlon/tls/context.h"

namespace merlon::cli_deploy {

/// Whom to believe, and who one is; paths of files in PEM.
struct TlsFiles {
  std::string ca_bundle;    ///< whose certificates a server may show; empty: those of the web
  std::string certificate;  ///< one's own; empty: none is shown
  std::string key;          ///< its private key
  bool operator==(const TlsFiles&) const = default;
};

class HttpsClient {
 public:
  /// Of "https://HOST[:PORT][/PATH]", whose path is given back in `path`; "http://" on this machine
  /// only.
  [[nodiscard]] static cli_evidence::Result<HttpsClient> create(const std::string& url,
                                                                const TlsFiles& files,
                                                                std::string& path);

  [[nodiscard]] cli_evidence::Result<http_client::Answer> ask(std::string_view method,
                                                              const std::string& path,
                                                              core::ByteView body,
                                                              std::size_t largest_answer) const;

 private:
  HttpsClient(std::string host, std::uint16_t port, std::optional<tls::Context> tls) noexcept
      : host_(std::move(host)), port_(port), tls_(std::move(tls)) {}

  std::string host_;
  std::uint16_t port_;
  std::optional<tls::Context> tls_;
};

}  // namespace merlon::cli_deploy
