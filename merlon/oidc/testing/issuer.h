#pragma once

// For tests: an issuer of tokens with a key of its own, made anew in each process.

#include <string>
#include <string_view>

#include "merlon/base/text.h"
#include "merlon/crypto/private_key.h"

namespace merlon::oidc::testing {

/// Without padding.
[[nodiscard]] std::string base64url(core::ByteView bytes);

class TokenIssuer {
 public:
  explicit TokenIssuer(std::string key_id);

  /// header.claims.signature, with ES256, whatever the header says.
  [[nodiscard]] std::string sign(std::string_view header, std::string_view claims) const;
  /// The same with the header of an issuer that behaves.
  [[nodiscard]] std::string sign(std::string_view claims) const;
  /// {"keys": […]}
  [[nodiscard]] std::string key_set() const;

 private:
  std::string key_id_;
  crypto::PrivateKey key_;
};

}  // namespace merlon::oidc::testing
