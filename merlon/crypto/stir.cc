#include "merlon/crypto/stir.h"

#include <openssl/rand.h>

#include "merlon/crypto/ready.h"

namespace merlon::crypto {

bool stir(core::ByteView bytes) noexcept {
  if (!ready() || RAND_status() != 1) return false;
  RAND_add(bytes.data(), static_cast<int>(bytes.size()), 0.0);
  return true;
}

}  // namespace merlon::crypto
