#include "merlon/identity/keys.h"

#include "merlon/x509/issue.h"

namespace merlon::identity {

namespace {

crypto::KeyKind kind_for(evidence::Technology technology) noexcept {
  switch (technology) {
    case evidence::Technology::Snp: return crypto::KeyKind::P384;
    case evidence::Technology::Kvm:
    case evidence::Technology::Sgx:
    case evidence::Technology::Tdx: return crypto::KeyKind::P256;
  }
  return crypto::KeyKind::P384;
}

}  // namespace

core::Result<SessionKeys> SessionKeys::generate(evidence::Technology technology) {
  auto tls = TRY(crypto::PrivateKey::generate(kind_for(technology)));
  auto hpke = TRY(crypto::X25519Key::generate());
  const auto point = TRY(tls.point());
  auto spki = x509::subject_public_key_info(tls.kind(), point);
  return SessionKeys(std::move(tls), std::move(spki), std::move(hpke));
}

evidence::ReportData SessionKeys::bound_to(const evidence::Nonce& nonce) const noexcept {
  return evidence::keep_report_data(crypto::sha256({tls_spki_}),
                                    crypto::sha256({hpke_.public_key().view()}), nonce);
}

evidence::ReportData SessionKeys::as_enarx(evidence::Technology technology) const noexcept {
  return evidence::enarx_report_data(technology, tls_spki_);
}

}  // namespace merlon::identity
