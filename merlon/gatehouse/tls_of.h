#pragma once

// How a gatehouse speaks TLS, out of the files that its options name.

#include "merlon/gatehouse/options.h"
#include "merlon/tls/context.h"

namespace merlon::gatehouse {

/// Clients must show a certificate of a tenant. The error names the file.
[[nodiscard]] Checked<tls::Context> tls_of(const Options& options);

}  // namespace merlon::gatehouse
