#pragma once

// What stands in front of a service: its sockets and TLS, its log, and the signals that it obeys.

#include <span>

#include "merlon/http/log.h"
#include "merlon/http/server.h"
#include "merlon/service/listeners.h"
#include "merlon/service/tls_files.h"

namespace merlon::service {

struct Front {
  std::vector<http::ListenAddress> listen;
  TlsFiles tls;
  bool without_tls = false;
};

/// Lines on standard error; nothing if there are no more threads.
[[nodiscard]] os::Result<std::unique_ptr<http::Log>> log_to_stderr();

/// As make_issuers(), asked for their keys now; an issuer that does not answer now is asked again
/// when somebody shows a token of his. Outlives neither `log` nor its users.
[[nodiscard]] std::unique_ptr<oidc::Issuers> issuers_of(const IssuerSettings& settings,
                                                        http::Log& log);

/// Serves until SIGTERM or SIGINT; SIGHUP reads the files of TLS again, for new connections.
/// `settings` are without TLS; `lines` are logged once it listens. The error is a line for who
/// started the service.
[[nodiscard]] Checked<void> serve_until_told(Front front, http::Settings settings, http::Log& log,
                                             std::span<const std::string> lines = {});

}  // namespace merlon::service
