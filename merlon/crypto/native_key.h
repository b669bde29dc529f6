#pragma once

// For room `tls` alone: the library signs handshakes by itself and so needs its own form of a key.

#include "merlon/crypto/private_key.h"

namespace merlon::crypto {

class NativeKey {
 public:
  /// Borrowed; never changed.
  [[nodiscard]] static evp_pkey_st* of(const PrivateKey& key) noexcept { return key.key_.get(); }
};

}  // namespace merlon::crypto
