#pragma once

// Private to the room.

#include "merlon/tls/context.h"
#include "merlon/tls/owned.h"

namespace merlon::tls {

struct Context::Inner {
  Owned<SSL_CTX> context;
  Owned<BIO_METHOD> carrier;  ///< how sessions reach the stream below
  std::string alpn;           ///< as on the wire
  std::function<std::int64_t()> now;
};

}  // namespace merlon::tls
