// Who signs: certificates and key as files hold them, and whether they belong together.

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/codec/pem.h"
#include "merlon/steward/issuing.h"
#include "merlon/x509/name.h"

namespace merlon::steward {

using base::concat;
using core::Result;
using core::Unexpected;
using x509::Certificate;

namespace {

Unexpected<std::string> wrong(std::string what) { return Unexpected<std::string>(std::move(what)); }

/// "the certificate of 'CN=…' …"
std::string about(const Certificate& certificate, std::string_view what) {
  return concat("the certificate of ", base::quoted(x509::name_text(certificate.subject())), " ",
                what);
}

Result<std::vector<Certificate>, std::string> parse_chain(const std::vector<Bytes>& chain) {
  if (chain.empty()) return wrong("there is no certificate of the issuer");
  if (chain.size() > Issuer::max_chain) return wrong("the issuer's chain is longer than 8");
  std::vector<Certificate> made;
  for (const Bytes& der : chain) {
    auto certificate = Certificate::parse(der);
    if (!certificate) {
      return wrong(concat("certificate ", made.size() + 1,
                          " of the issuer's chain cannot be used: ", certificate.error().what));
    }
    made.push_back(*std::move(certificate));
  }
  return made;
}

Result<void, std::string> check_ca(const Certificate& certificate, std::size_t below) {
  const auto& constraints = certificate.basic_constraints();
  if (!constraints || !constraints->ca) return wrong(about(certificate, "is no CA's"));
  if (certificate.has_key_usage() && !certificate.may(x509::KeyUsage::KeyCertSign)) {
    return wrong(about(certificate, "does not allow its key to sign certificates"));
  }
  if (constraints->path_length && *constraints->path_length < below) {
    return wrong(about(certificate, "allows fewer CAs below it"));
  }
  if (certificate.has_unknown_critical()) {
    return wrong(about(certificate, "has a critical extension that is not known"));
  }
  return {};
}

Result<void, std::string> check_chain(const std::vector<Certificate>& chain) {
  for (std::size_t i = 0; i < chain.size(); ++i) {
    TRY(check_ca(chain[i], i));
    if (i + 1 == chain.size()) break;
    const Certificate& above = chain[i + 1];
    if (!std::ranges::equal(chain[i].issuer(), above.subject()) ||
        !x509::verify(above.key(), chain[i].signature())) {
      return wrong(about(chain[i], "is not signed by the next of the chain"));
    }
  }
  return {};
}

Result<void, std::string> check_key(const Certificate& certificate, const crypto::PrivateKey& key) {
  if (key.kind() == crypto::KeyKind::Rsa) return wrong("the issuer's key is RSA; P-256 or P-384");
  const auto point = key.point();
  if (!point) return wrong("the issuer's key cannot be used");
  if (!std::ranges::equal(x509::subject_public_key_info(key.kind(), *point),
                          certificate.key().spki)) {
    return wrong(about(certificate, "is of another key than the private one"));
  }
  return {};
}

Bytes bytes_of(core::ByteView view) { return {view.begin(), view.end()}; }

Bytes key_id_of(const Certificate& certificate) {
  const auto* id = x509::find_extension(certificate.extensions(), x509::oid::subject_key_id);
  if (id != nullptr) {
    const auto value = x509::parse_subject_key_id(id->value);
    if (value && !value->empty()) return bytes_of(*value);
  }
  return x509::key_id_of(certificate.key().spki);
}

}  // namespace

Result<Issuer, std::string> Issuer::from_pem(core::ByteView certificates, core::ByteView key) {
  const auto blocks = codec::pem_blocks(core::as_text(certificates));
  if (!blocks) return wrong(concat("the issuer's certificates are no PEM: ", blocks.error().what));
  std::vector<Bytes> chain;
  for (const codec::PemBlock& block : *blocks) {
    if (block.label == "CERTIFICATE") chain.push_back(block.bytes);
  }
  auto made = crypto::PrivateKey::from_pem(key);
  if (!made) return wrong(concat("the issuer's key cannot be read: ", made.error().what));
  return Issuer{std::move(chain), *std::move(made)};
}

Result<LeafIssuer, std::string> check_issuer(const Issuer& issuer) {
  const auto chain = TRY(parse_chain(issuer.chain));
  TRY(check_chain(chain));
  const Certificate& signing = chain.front();
  TRY(check_key(signing, issuer.key));
  LeafIssuer made{bytes_of(signing.subject()), key_id_of(signing), signing.validity(),
                  issuer.key.kind() == crypto::KeyKind::P256
                      ? x509::SignatureAlgorithm::EcdsaSha256
                      : x509::SignatureAlgorithm::EcdsaSha384};
  for (const Certificate& each : chain) {
    made.validity.not_before = std::max(made.validity.not_before, each.validity().not_before);
    made.validity.not_after = std::min(made.validity.not_after, each.validity().not_after);
  }
  return made;
}

Result<Bytes> sign(const x509::NewCertificate& made, x509::SignatureAlgorithm algorithm,
                   const crypto::PrivateKey& key) {
  const codec::DerBytes message = to_be_signed(made, algorithm);
  const auto hash = algorithm == x509::SignatureAlgorithm::EcdsaSha256 ? crypto::HashKind::Sha256
                                                                       : crypto::HashKind::Sha384;
  const auto numbers = TRY(key.sign_ecdsa(crypto::Digest::of(hash, message)));
  return x509::with_signature(message, algorithm,
                              TRY(crypto::EcdsaSignature::from_halves(numbers)));
}

}  // namespace merlon::steward
