#pragma once

// aesmd takes one question for each connection, and the process around a keep gives up making any:
// so a process of its own carries questions and answers, and looks at nothing but their lengths.

#include <string>

#include "merlon/host/aesm/quote_service.h"
#include "merlon/host/host_error.h"
#include "merlon/os/fd.h"

namespace merlon::host::sgx {

/// Starts that process, by this program with --relay-quotes; it ends with the service. Errors:
/// NotFound (this program cannot be started again).
[[nodiscard]] core::Result<aesm::QuoteService, HostError> start_quote_relay();

/// What it does, until the other end of `channel` is closed. An aesmd that does not answer is a
/// connection that ends: then this ends as well.
void relay_quotes(os::BorrowedFd channel, const std::string& socket);

}  // namespace merlon::host::sgx
