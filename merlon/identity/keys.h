#pragma once

// The keys of one keep: made inside when it starts, never shown, gone with it.

#include <vector>

#include "merlon/crypto/private_key.h"
#include "merlon/crypto/x25519.h"
#include "merlon/evidence/binding.h"

namespace merlon::identity {

class SessionKeys {
 public:
  /// As Enarx: P-384 where SEV-SNP attests, else P-256. Internal if the library gives none.
  [[nodiscard]] static core::Result<SessionKeys> generate(evidence::Technology technology);

  /// For TLS, and for the certification request.
  [[nodiscard]] const crypto::PrivateKey& tls() const noexcept { return tls_; }
  /// DER SubjectPublicKeyInfo of the above.
  [[nodiscard]] const std::vector<std::uint8_t>& tls_spki() const noexcept { return tls_spki_; }
  /// To which a tenant encrypts.
  [[nodiscard]] const crypto::X25519Key& hpke() const noexcept { return hpke_; }
  /// Once the one delivery has come: what was recorded of it can then not be opened any more,
  /// whatever becomes of the keep.
  void forget_hpke() noexcept { hpke_.forget(); }

  /// What evidence must hold to speak for these keys, freshly for `nonce` or as Enarx has it.
  [[nodiscard]] evidence::ReportData bound_to(const evidence::Nonce& nonce) const noexcept;
  [[nodiscard]] evidence::ReportData as_enarx(evidence::Technology technology) const noexcept;

 private:
  SessionKeys(crypto::PrivateKey tls, std::vector<std::uint8_t> spki,
              crypto::X25519Key hpke) noexcept
      : tls_(std::move(tls)), tls_spki_(std::move(spki)), hpke_(std::move(hpke)) {}

  crypto::PrivateKey tls_;
  std::vector<std::uint8_t> tls_spki_;
  crypto::X25519Key hpke_;
};

}  // namespace merlon::identity
