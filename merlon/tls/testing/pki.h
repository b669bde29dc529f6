#pragma once

// For tests: certificate authorities and what they issue. Made anew; nothing secret hangs on them.

#include <string>
#include <vector>

#include "merlon/crypto/private_key.h"
#include "merlon/tls/context.h"

namespace merlon::tls::testing {

/// Since when certificates are made here, and until when, seconds since 1970.
inline constexpr std::int64_t made_at = 1'700'000'000;
inline constexpr std::int64_t valid_until = made_at + 86'400;

struct Holder {
  crypto::PrivateKey key;
  std::vector<Certificate> chain;

  [[nodiscard]] Identity identity() const { return {chain, &key}; }
};

class Authority {
 public:
  explicit Authority(std::string name = "Test CA");

  [[nodiscard]] const Certificate& root() const noexcept { return root_; }
  /// For these DNS names, as server and as client; `more` are whole extensions. What follows "ip:"
  /// are the bytes of an address.
  [[nodiscard]] Holder issue(const std::vector<std::string>& names,
                             crypto::KeyKind kind = crypto::KeyKind::P256,
                             const std::vector<Certificate>& more = {}) const;
  /// The same of somebody else's key, a DER SubjectPublicKeyInfo.
  [[nodiscard]] Certificate issue_for(core::ByteView spki, const std::vector<std::string>& names,
                                      const std::vector<Certificate>& more = {}) const;

 private:
  std::string name_;
  crypto::PrivateKey key_;
  Certificate root_;
};

}  // namespace merlon::tls::testing
