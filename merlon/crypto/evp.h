#pragma once

// Private to the room: our words in OpenSSL's.

#include <openssl/types.h>

#include "merlon/crypto/owned.h"
#include "merlon/crypto/public_key.h"

namespace merlon::crypto {

/// The hash as EVP names it. Static storage.
[[nodiscard]] const EVP_MD* evp_of(HashKind kind) noexcept;

/// What `selection` names of a key of `type` ("EC", "RSA"), from `params`; null where OpenSSL
/// refuses it.
[[nodiscard]] Owned<EVP_PKEY> import_key(const char* type, int selection,
                                         OSSL_PARAM* params) noexcept;

}  // namespace merlon::crypto
