#include "merlon/crypto/random.h"

#include <openssl/rand.h>

#include "merlon/core/check.h"
#include "merlon/crypto/ready.h"

namespace merlon::crypto {

bool fill_random(core::ByteSpan into) noexcept {
  MERLON_CHECK(into.size() < (1U << 30U));
  return ready() && RAND_priv_bytes(into.data(), static_cast<int>(into.size())) == 1;
}

}  // namespace merlon::crypto
