#include "merlon/tls/testing/pki.h"

#include "merlon/codec/der_writer.h"
#include "merlon/x509/issue.h"

namespace merlon::tls::testing {

using codec::DerBytes;
using crypto::KeyKind;
using crypto::PrivateKey;

namespace {

x509::SignatureAlgorithm algorithm_of(KeyKind kind) {
  return kind == KeyKind::P384 ? x509::SignatureAlgorithm::EcdsaSha384
                               : x509::SignatureAlgorithm::EcdsaSha256;
}

DerBytes sign(const x509::NewCertificate& made, const PrivateKey& key) {
  const auto algorithm = algorithm_of(key.kind());
  const DerBytes message = x509::to_be_signed(made, algorithm);
  const auto hash =
      key.kind() == KeyKind::P384 ? crypto::HashKind::Sha384 : crypto::HashKind::Sha256;
  const auto numbers = key.sign_ecdsa(crypto::Digest::of(hash, message)).value();
  return x509::with_signature(message, algorithm,
                              crypto::EcdsaSignature::from_halves(numbers).value());
}

DerBytes alternative_names(const std::vector<std::string>& names) {
  DerBytes all;
  for (const std::string& each : names) {
    constexpr std::string_view address = "ip:";
    const bool is_address = each.starts_with(address);
    const auto tag = static_cast<codec::DerTag>(is_address ? 0x87 : 0x82);  // [RFC5280 §4.2.1.6]
    const DerBytes name =
        codec::der_value(tag, core::as_bytes(is_address ? each.substr(address.size()) : each));
    all.insert(all.end(), name.begin(), name.end());
  }
  return x509::new_extension(x509::oid::subject_alt_name, false,
                             codec::der_value(codec::DerTag::Sequence, all));
}

x509::NewCertificate new_certificate(const std::string& issuer, const PrivateKey& key) {
  x509::NewCertificate made;
  made.serial = {1};
  made.issuer = {"", issuer};
  made.not_before = {made_at};
  made.not_after = {valid_until};
  made.key = x509::subject_public_key_info(key.kind(), key.point().value());
  return made;
}

}  // namespace

Authority::Authority(std::string name)
    : name_(std::move(name)), key_(PrivateKey::generate(KeyKind::P256).value()) {
  x509::NewCertificate made = new_certificate(name_, key_);
  made.subject = {"", name_};
  made.extensions = {x509::new_basic_constraints(true),
                     x509::new_key_usage({x509::KeyUsage::KeyCertSign})};
  root_ = sign(made, key_);
}

Holder Authority::issue(const std::vector<std::string>& names, KeyKind kind,
                        const std::vector<Certificate>& more) const {
  Holder holder{PrivateKey::generate(kind).value(), {}};
  holder.chain = {
      issue_for(x509::subject_public_key_info(kind, holder.key.point().value()), names, more)};
  return holder;
}

Certificate Authority::issue_for(core::ByteView spki, const std::vector<std::string>& names,
                                 const std::vector<Certificate>& more) const {
  x509::NewCertificate made = new_certificate(name_, key_);
  made.key.assign(spki.begin(), spki.end());
  made.extensions = {alternative_names(names)};
  made.extensions.insert(made.extensions.end(), more.begin(), more.end());
  return sign(made, key_);
}

}  // namespace merlon::tls::testing
