#include "merlon/crypto/ready.h"

#include <openssl/crypto.h>

namespace merlon::crypto {

bool ready() noexcept {
  return OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr) == 1;
}

}  // namespace merlon::crypto
