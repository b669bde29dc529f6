#pragma once

// Private to the room: what must have happened before OpenSSL's TLS is used.

namespace merlon::tls {

/// The library without its configuration file, which a host could change. Cheap when called again;
/// false if it cannot start.
[[nodiscard]] bool ready() noexcept;

}  // namespace merlon::tls
