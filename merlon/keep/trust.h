#pragma once

// Whom a launch's settings mean.

#include <vector>

#include "merlon/launch/tls_settings.h"
#include "merlon/tls/context.h"

namespace merlon::keep {

/// `steward` are the certificates of the Steward that vouched for this keep.
[[nodiscard]] std::vector<tls::Certificate> certificates_of(
    const launch::Trust& trust, const std::vector<tls::Certificate>& steward);

}  // namespace merlon::keep
