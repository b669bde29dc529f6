#include "merlon/crypto/ready.h"

#include <openssl/crypto.h>

extern "C" {
extern unsigned int OPENSSL_ia32cap_P[] __attribute__((weak));
}

namespace merlon::crypto {

namespace {

/// Whether the library has looked at the processor. If it has not, it computes AES by tables, which
/// tell a neighbour the key by the time they take. Shared libraries keep the answer to themselves.
bool knows_the_processor() noexcept {
  return OPENSSL_ia32cap_P == nullptr || OPENSSL_ia32cap_P[0] != 0;
}

}  // namespace

bool ready() noexcept {
  return OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr) == 1 &&
         knows_the_processor();
}

}  // namespace merlon::crypto
