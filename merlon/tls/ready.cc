#include "merlon/tls/ready.h"

#include <openssl/ssl.h>

namespace merlon::tls {

bool ready() noexcept {
  return OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr) == 1;
}

}  // namespace merlon::tls
