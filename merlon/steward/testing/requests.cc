#include "merlon/steward/testing/requests.h"

#include <algorithm>

#include "merlon/core/check.h"
#include "merlon/x509/issue.h"

namespace merlon::steward::testing {

using codec::der_octets;
using codec::der_sequence;

namespace {

constexpr codec::Oid kvm_oid{1, 3, 6, 1, 4, 1, 58270, 1, 1};
constexpr codec::Oid sgx_oid{1, 3, 6, 1, 4, 1, 58270, 1, 2};
constexpr codec::Oid snp_oid{1, 3, 6, 1, 4, 1, 58270, 1, 3};

Bytes spki_of(const crypto::PrivateKey& key) {
  return x509::subject_public_key_info(key.kind(), key.point().value());
}

Bytes signed_by(const crypto::PrivateKey& key, const x509::NewCertificate& made) {
  const auto algorithm = x509::SignatureAlgorithm::EcdsaSha256;
  const auto message = to_be_signed(made, algorithm);
  const auto numbers =
      key.sign_ecdsa(crypto::Digest::of(crypto::HashKind::Sha256, message)).value();
  return x509::with_signature(message, algorithm,
                              crypto::EcdsaSignature::from_halves(numbers).value());
}

Bytes certificate(std::string subject, std::string issuer, bool ca, const crypto::PrivateKey& of,
                  const crypto::PrivateKey& by, x509::Validity validity) {
  std::vector<codec::DerBytes> extensions{x509::new_basic_constraints(ca)};
  if (ca) extensions.push_back(x509::new_key_usage({x509::KeyUsage::KeyCertSign}));
  return signed_by(by, {{1},
                        {"", std::move(issuer)},
                        {"", std::move(subject)},
                        validity.not_before,
                        validity.not_after,
                        spki_of(of),
                        std::move(extensions)});
}

crypto::PrivateKey new_key() { return crypto::PrivateKey::generate(crypto::KeyKind::P256).value(); }

x509::Validity long_time() { return {{test_now.seconds - year}, {test_now.seconds + year}}; }

void put_at(Bytes& report, std::size_t at, core::ByteView data) {
  std::ranges::copy(data, report.begin() + static_cast<std::ptrdiff_t>(at));
}

}  // namespace

Issuer ca_issuer(codec::UnixTime not_before, codec::UnixTime not_after) {
  crypto::PrivateKey key = new_key();
  Bytes made = certificate("Steward", "Steward", true, key, key, {not_before, not_after});
  return {{std::move(made)}, std::move(key)};
}

Issuer leaf_issuer() {
  crypto::PrivateKey key = new_key();
  Bytes made = certificate("Steward", "Steward", false, key, key, long_time());
  return {{std::move(made)}, std::move(key)};
}

TwoCas::TwoCas() {
  const crypto::PrivateKey root_key = new_key();
  const crypto::PrivateKey key = new_key();
  root = certificate("Root", "Root", true, root_key, root_key, long_time());
  intermediate = certificate("Steward", "Root", true, key, root_key, long_time());
  pem = key.to_pem().value();
}

Issuer TwoCas::issuer() const {
  return {{intermediate, root}, crypto::PrivateKey::from_pem(pem.reveal()).value()};
}

Bytes request_with(const Bytes& extension, const SigningKey& key) {
  return x509::testing::issue_request({{extension}}, key);
}

Bytes kvm_request(const SigningKey& key) {
  return request_with(x509::testing::extension(kvm_oid, false, {}), key);
}

AmdKeep::AmdKeep(std::string_view product) : amd(product) {
  const Bytes spki = key.spki();
  put_at(amd.report, 0x50, evidence::enarx_report_data(evidence::Technology::Snp, spki).view());
}

AmdKeep AmdKeep::with_another_key() const {
  AmdKeep other = *this;
  other.key = SigningKey(crypto::KeyKind::P384);
  const Bytes spki = other.key.spki();
  put_at(other.amd.report, 0x50,
         evidence::enarx_report_data(evidence::Technology::Snp, spki).view());
  return other;
}

snp::LaunchDigest AmdKeep::measurement() const {
  return snp::LaunchDigest::from(core::ByteView(amd.report).subspan(0x90, 48)).value();
}

Bytes AmdKeep::extension() const {
  const evidence::Endorsements all = amd.endorsements();
  codec::DerBytes crls;
  for (std::size_t i = 0; i < lists; ++i) {
    x509::testing::CrlTemplate shape;
    shape.serials = {i};
    const Bytes one = der_sequence(
        {codec::der_text(codec::DerTag::Utf8String, ""), x509::testing::issue_crl(shape, key)});
    crls.insert(crls.end(), one.begin(), one.end());
  }
  const Bytes list = der_sequence({codec::der_value(codec::DerTag::Sequence, crls)});
  // The VCEK is the last; a keep without one cannot ask.
  return x509::testing::extension(snp_oid, false,
                                  der_sequence({der_sequence({all.certificates.back(), list}),
                                                der_octets(amd.signed_report())}));
}

verify::Collateral AmdKeep::own() const {
  evidence::Endorsements all = amd.endorsements();
  if (!amd.no_leaf) all.certificates.pop_back();
  return verify::Collateral::prepare(all);
}

IntelKeep::IntelKeep() {
  const Bytes spki = key.spki();
  put_at(intel.body, 320, evidence::enarx_report_data(evidence::Technology::Sgx, spki).view());
}

Bytes IntelKeep::extension() const {
  evidence::Endorsements all = intel.endorsements();
  const Bytes no_lists = der_sequence({der_sequence({})});
  const Bytes document(
      all.documents.empty() ? Bytes{} : Bytes(all.documents[0].begin(), all.documents[0].end()));
  return x509::testing::extension(
      sgx_oid, false,
      der_sequence({der_octets(intel.quote()), no_lists,
                    der_sequence({der_sequence({}), der_octets(document)})}));
}

verify::Collateral IntelKeep::own() const {
  return verify::Collateral::prepare(intel.endorsements());
}

}  // namespace merlon::steward::testing
