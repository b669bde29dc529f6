#pragma once

// Where an issuer's keys are: the document that it publishes [OIDC-DISCOVERY §3, §4]. Pure.

#include <string>
#include <string_view>

#include "merlon/core/result.h"

namespace merlon::oidc {

/// Where that document is, of an issuer's name [OIDC-DISCOVERY §4.1].
[[nodiscard]] std::string discovery_url(std::string_view issuer);

/// The address of the issuer's keys. Malformed: no such document; Denied: it is another issuer's,
/// whose keys say nothing of this one [OIDC-DISCOVERY §4.3].
[[nodiscard]] core::Result<std::string> parse_discovery(std::string_view json,
                                                        std::string_view issuer);

}  // namespace merlon::oidc
