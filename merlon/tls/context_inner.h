#pragma once

// Private to the room.

#include "merlon/tls/context.h"
#include "merlon/tls/owned.h"

namespace merlon::tls {

/// What a peer may show of certificates: so many bytes, and so many of them.
inline constexpr std::uint32_t most_certificates = std::uint32_t{64} << 10U;
inline constexpr std::uint32_t most_shown = 10;

struct Context::Inner {
  Owned<SSL_CTX> context;
  Owned<BIO_METHOD> carrier;  ///< how sessions reach the stream below
  std::string alpn;           ///< as on the wire
  std::function<std::int64_t()> now;
};

}  // namespace merlon::tls
