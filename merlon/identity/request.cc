#include "merlon/identity/request.h"

#include <algorithm>

#include "merlon/evidence/attestation_result.h"
#include "merlon/evidence/workload_claims.h"
#include "merlon/sgx/platform_collateral.h"
#include "merlon/snp/certificate_table.h"
#include "merlon/x509/issue.h"

namespace merlon::identity {

using codec::der_octets;
using codec::der_sequence;
using codec::der_text;
using codec::DerBytes;
using core::ErrorCode;
using core::Result;

namespace {

using Table = std::vector<snp::TableEntry>;

/// Empty if there is none. It becomes a part of what the keep signs, so it must be one value and
/// nothing else: what it says is for the verifier to judge.
Result<DerBytes> entry_of(const Table& table, snp::TableEntryKind kind) {
  const auto found = std::ranges::find(table, kind, &snp::TableEntry::kind);
  if (found == table.end()) return DerBytes{};
  TRY(codec::der_whole(found->bytes, codec::DerTag::Sequence));
  return DerBytes(found->bytes.begin(), found->bytes.end());
}

/// CrlList ::= SEQUENCE { crls SEQUENCE OF SEQUENCE { url UTF8String, crl CertificateList } }; of
/// one list at most. Where it came from only its publisher could say.
DerBytes crl_list(const DerBytes& crl) {
  if (crl.empty()) return der_sequence({der_sequence({})});
  return der_sequence(
      {der_sequence({der_sequence({der_text(codec::DerTag::Utf8String, ""), crl})})});
}

/// SEQUENCE { SEQUENCE { vcek Certificate, crl CrlList }, report OCTET STRING }
Result<DerBytes> snp_evidence(core::ByteView report, core::ByteView certificates) {
  const Table table = TRY(snp::parse_certificate_table(certificates));
  const DerBytes vcek = TRY(entry_of(table, snp::TableEntryKind::Vcek));
  if (vcek.empty()) {
    return core::error(ErrorCode::NotFound, "the host has no VCEK certificate of its processor");
  }
  const DerBytes crl = TRY(entry_of(table, snp::TableEntryKind::Crl));
  return der_sequence({der_sequence({vcek, crl_list(crl)}), der_octets(report)});
}

/// SEQUENCE { quote OCTET STRING, crl CrlList, tcb TcbPackage }; the two as the host has them, each
/// one value and nothing else.
Result<DerBytes> sgx_evidence(core::ByteView quote, core::ByteView collateral) {
  if (collateral.empty()) {
    return core::error(ErrorCode::NotFound, "the host has no word of Intel's on its platform");
  }
  const auto parts = TRY(sgx::PlatformCollateral::parse(collateral));
  const auto copy = [](core::ByteView view) { return DerBytes(view.begin(), view.end()); };
  return der_sequence({der_octets(quote), copy(parts.crl_list), copy(parts.tcb_package)});
}

using Workload = std::optional<evidence::WorkloadClaims>;

Result<DerBytes> signed_request(const SessionKeys& keys, DerBytes extension,
                                const Workload& workload) {
  x509::NewRequest made{{}, keys.tls_spki(), {std::move(extension)}};
  if (workload) {
    made.extensions.push_back(
        x509::new_extension(evidence::cmw_oid, false, evidence::to_extension(*workload)));
  }
  const DerBytes message = to_be_signed(made);
  const bool p384 = keys.tls().kind() == crypto::KeyKind::P384;
  const auto hash = p384 ? crypto::HashKind::Sha384 : crypto::HashKind::Sha256;
  const auto numbers = TRY(keys.tls().sign_ecdsa(crypto::Digest::of(hash, message)));
  return x509::with_signature(
      message, p384 ? x509::SignatureAlgorithm::EcdsaSha384 : x509::SignatureAlgorithm::EcdsaSha256,
      TRY(crypto::EcdsaSignature::from_halves(numbers)));
}

}  // namespace

Result<std::vector<std::uint8_t>> certification_request(const SessionKeys& keys,
                                                        evidence::Technology technology,
                                                        core::ByteView evidence,
                                                        core::ByteView certificates,
                                                        const Workload& workload) {
  constexpr codec::Oid snp_oid{1, 3, 6, 1, 4, 1, 58270, 1, 3};
  if (technology == evidence::Technology::Kvm) {
    constexpr codec::Oid kvm_oid{1, 3, 6, 1, 4, 1, 58270, 1, 1};
    return signed_request(keys, x509::new_extension(kvm_oid, false, {}), workload);
  }
  if (technology == evidence::Technology::Sgx) {
    constexpr codec::Oid sgx_oid{1, 3, 6, 1, 4, 1, 58270, 1, 2};
    const DerBytes content = TRY(sgx_evidence(evidence, certificates));
    return signed_request(keys, x509::new_extension(sgx_oid, false, content), workload);
  }
  if (technology != evidence::Technology::Snp) {
    return core::error(ErrorCode::Unsupported, "requests of another technology");
  }
  const DerBytes content = TRY(snp_evidence(evidence, certificates));
  return signed_request(keys, x509::new_extension(snp_oid, false, content), workload);
}

}  // namespace merlon::identity
