#pragma once

// Those whose tokens name tenants, as the command line says, with their keys fetched over HTTPS.

#include <memory>

#include "merlon/gatehouse/options.h"
#include "merlon/oidc/issuers.h"

namespace merlon::gatehouse {

/// `complain` as oidc::World has it; any thread.
[[nodiscard]] std::unique_ptr<oidc::Issuers> make_issuers(
    const Options& options, std::function<codec::UnixTime()> now,
    std::function<void(const std::string& issuer, const std::string& why)> complain);

}  // namespace merlon::gatehouse
