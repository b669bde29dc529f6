#pragma once

// Issuers of OpenID Connect whose tokens a service believes, as its command line names them, with
// their keys fetched over HTTPS.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "merlon/core/result.h"
#include "merlon/oidc/issuers.h"

namespace merlon::service {

/// A sentence for who started the service.
template <typename T>
using Checked = core::Result<T, std::string>;

struct IssuerSettings {
  std::vector<std::string> issuers;    ///< of --oidc-issuer
  std::vector<std::string> audiences;  ///< of --oidc-audience: a token must be for one of them
  std::string ca_bundle;     ///< whose certificates issuers may show; empty: those of the web
  bool development = false;  ///< without TLS too, of this machine
};

/// The error names the option.
[[nodiscard]] Checked<void> check(const IssuerSettings& settings);

/// Null if there are none: no token names anybody then. `complain` as oidc::World has it; any
/// thread.
[[nodiscard]] std::unique_ptr<oidc::Issuers> make_issuers(
    const IssuerSettings& settings, std::function<codec::UnixTime()> now,
    std::function<void(const std::string& issuer, const std::string& why)> complain);

}  // namespace merlon::service
