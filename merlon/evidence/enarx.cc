#include "merlon/evidence/enarx.h"

#include "merlon/codec/der.h"
#include "merlon/evidence/attestation_result.h"
#include "merlon/evidence/workload_claims.h"
#include "merlon/sgx/platform_collateral.h"
#include "merlon/x509/csr.h"

namespace merlon::evidence {

using codec::DerReader;
using codec::DerTag;
using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

constexpr codec::Oid kvm_oid{1, 3, 6, 1, 4, 1, 58270, 1, 1};
constexpr codec::Oid sgx_oid{1, 3, 6, 1, 4, 1, 58270, 1, 2};
constexpr codec::Oid snp_oid{1, 3, 6, 1, 4, 1, 58270, 1, 3};

Result<void> add_lists(ByteView der, Endorsements& to) {
  for (const sgx::ListAt& each : TRY(sgx::parse_crl_list(der))) {
    TRY(to.add_revocation_list(each.der, each.url));
  }
  return {};
}

/// SEQUENCE { quote OCTET STRING, crl CrlList, tcb TcbPackage }
Result<Evidence> read_sgx(ByteView value) {
  DerReader body(TRY(codec::der_whole(value, DerTag::Sequence)).content);
  Evidence made = TRY(parse_quote(TRY(body.content(DerTag::OctetString))));
  TRY(add_lists(TRY(body.element(DerTag::Sequence)).whole, made.endorsements));
  const auto tcb = TRY(sgx::TcbPackage::parse(TRY(body.element(DerTag::Sequence)).whole));
  TRY(body.finish());
  for (const ByteView each : tcb.signers) TRY(made.endorsements.add_certificate(each));
  TRY(made.endorsements.add_document(tcb.tcb_info));
  made.format = "Enarx evidence for SGX in a certification request";
  return made;
}

/// SEQUENCE { crts SEQUENCE { vcek Certificate, crl CrlList }, report OCTET STRING }
Result<Evidence> read_snp(ByteView value) {
  DerReader body(TRY(codec::der_whole(value, DerTag::Sequence)).content);
  DerReader certificates = TRY(body.enter(DerTag::Sequence));
  const ByteView vcek = TRY(certificates.element(DerTag::Sequence)).whole;
  const ByteView lists = TRY(certificates.element(DerTag::Sequence)).whole;
  TRY(certificates.finish());
  const ByteView report = TRY(body.content(DerTag::OctetString));
  TRY(body.finish());
  if (report.size() != snp::Report::size) {
    return core::error(ErrorCode::Malformed, "a report has 1184 bytes", report.size());
  }
  Evidence made = TRY(parse_report(report));
  TRY(made.endorsements.add_certificate(vcek));
  TRY(add_lists(lists, made.endorsements));
  made.format = "Enarx evidence for SEV-SNP in a certification request";
  return made;
}

Result<Evidence> read_kvm(ByteView value) {
  // Enarx's keeps and its Steward have nothing at all; others write an OCTET STRING of nothing.
  if (!value.empty() && !TRY(codec::der_whole(value, DerTag::OctetString)).content.empty()) {
    return core::error(ErrorCode::Malformed, "evidence of a KVM keep must be empty");
  }
  Evidence made;
  made.report = KvmEvidence{};
  made.format = "Enarx evidence for KVM in a certification request";
  return made;
}

Result<Evidence> read_extension(const x509::CertificateRequest& request) {
  const std::size_t count = request.extensions().size();
  // The evidence, as Enarx has it, and perhaps what the keep says of its workload behind it.
  const bool says_more = count == 2 && cmw_oid.is(request.extensions()[1].oid);
  if (count != 1 && !says_more) {
    return core::error(ErrorCode::Malformed, "a request must carry one evidence extension", count);
  }
  const x509::Extension& extension = request.extensions()[0];
  if (extension.critical) {
    return core::error(ErrorCode::Malformed, "the evidence extension must not be critical");
  }
  if (sgx_oid.is(extension.oid)) return read_sgx(extension.value);
  if (snp_oid.is(extension.oid)) return read_snp(extension.value);
  if (kvm_oid.is(extension.oid)) return read_kvm(extension.value);
  return core::error(ErrorCode::Unsupported, "a request without an evidence extension of Enarx's");
}

}  // namespace

Result<Evidence> parse_request(ByteView der) {
  const x509::CertificateRequest request = TRY(x509::CertificateRequest::parse(der));
  return Evidence::of_request(request, request.is_signed_by_its_key());
}

Result<Evidence> Evidence::of_request(const x509::CertificateRequest& request, bool proven) {
  Evidence made = TRY(read_extension(request));
  if (made.endorsements.size() > max_carried) {
    return core::error(ErrorCode::Exhausted, "more endorsements come along than can be taken",
                       made.endorsements.size());
  }
  if (request.extensions().size() > 1) {
    const x509::Extension& extension = request.extensions()[1];
    if (extension.critical) {
      return core::error(ErrorCode::Malformed, "claims of a workload must not be critical");
    }
    made.workload = TRY(parse_workload_claims(extension.value));
  }
  const ByteView spki = request.key().spki;
  made.key = RequestedKey{Bytes(spki.begin(), spki.end()), proven};
  return made;
}

}  // namespace merlon::evidence
