#include "merlon/crypto/secret_heap.h"

#include <openssl/crypto.h>

namespace merlon::crypto {

bool start_secret_heap() noexcept {
  // A keep has a handful of keys, none of them above a few hundred bytes.
  constexpr std::size_t size = std::size_t{32} << 10U;
  constexpr std::size_t smallest = 32;
  return CRYPTO_secure_malloc_initialized() == 1 || CRYPTO_secure_malloc_init(size, smallest) != 0;
}

std::size_t secret_heap_used() noexcept { return CRYPTO_secure_used(); }

}  // namespace merlon::crypto
