#pragma once

// Private to the room: what must have happened before OpenSSL is used.

namespace merlon::crypto {

/// OpenSSL without its configuration file, which a host could change. Cheap when called again;
/// false if the library cannot start, after which nothing verifies.
[[nodiscard]] bool ready() noexcept;

}  // namespace merlon::crypto
