#pragma once

// Sockets of a service, and the clock that it goes by.

#include <vector>

#include "merlon/codec/time.h"
#include "merlon/http/listen_address.h"
#include "merlon/os/fd.h"
#include "merlon/service/issuers.h"

namespace merlon::service {

/// One for each address; a port of 0 becomes the one that it got. The error names the address.
[[nodiscard]] Checked<std::vector<os::Fd>> listen_on(std::vector<http::ListenAddress>& addresses);
/// Of --listen, or `usual` where it is not given.
[[nodiscard]] Checked<std::vector<http::ListenAddress>> addresses_of(
    std::span<const std::string> values, const http::ListenAddress& usual);
/// Whether it is one of this machine's own, that nobody else reaches.
[[nodiscard]] bool is_own(const http::ListenAddress& address) noexcept;
/// Of a service without TLS: all must be such addresses. The error names --development.
[[nodiscard]] Checked<void> check_own(std::span<const http::ListenAddress> addresses);

/// Now, by the system's clock.
[[nodiscard]] codec::UnixTime clock_now();

}  // namespace merlon::service
