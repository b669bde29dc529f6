#include "merlon/simulate/quoting_enclave.h"

#include <algorithm>

#include "merlon/crypto/hash.h"
#include "merlon/sgx/quote_writer.h"
#include "merlon/simulate/chain.h"
#include "merlon/simulate/sgx_documents.h"

namespace merlon::simulate {

using core::Result;

namespace {

template <typename T>
Result<T> sign(const crypto::PrivateKey& key, core::ByteView message) {
  return T::from(TRY(key.sign_ecdsa(crypto::Digest::of(crypto::HashKind::Sha256, message))));
}

/// As many bytes as those of Intel's quoting enclave: verifiers are about that rely on it.
std::array<std::uint8_t, 32> authentication() {
  std::array<std::uint8_t, 32> bytes{};
  std::ranges::copy(remark, bytes.begin());
  return bytes;
}

/// 16 bytes that name the platform, and 4 zeros.
sgx::QuoteHeader header_of(const sgx::PckExtension& tcb) {
  sgx::QuoteHeader header{qe_svn, tcb.pce_svn, {}};
  std::array<std::uint8_t, 20> data{};
  std::ranges::copy(tcb.ppid.view(), data.begin());
  header.user_data = decltype(header.user_data)::from(data).value();
  return header;
}

}  // namespace

sgx::TargetInfo QuotingEnclave::target() const {
  return sgx::TargetInfo::of(platform_.processor.ereport(quoting_enclave(), {}, {}).body);
}

std::size_t QuotingEnclave::quote_size() const noexcept {
  return sgx::quote_size(authentication().size(), platform_.pck_chain.size());
}

Result<std::vector<std::uint8_t>> QuotingEnclave::quote(core::ByteView bytes) const {
  const auto report = TRY(sgx::Report::parse(bytes));
  const EnclaveIdentity self = quoting_enclave();
  if (!platform_.processor.is_genuine(self, report)) {
    return core::error(core::ErrorCode::Denied,
                       "a report that this machine has not made for its quoting enclave");
  }
  const auto to_sign = sgx::quote_to_be_signed(header_of(platform_.tcb), report.body);
  sgx::QuoteSignatureData data;
  data.signature = TRY(sign<sgx::QuoteSignature>(platform_.attestation_key, to_sign));
  data.attestation_key = TRY(sgx::AttestationKey::from(TRY(platform_.attestation_key.point())));
  const auto beside = authentication();
  data.qe_authentication = beside;
  // The key is the quoting enclave's own, says the processor, whom the PCK key speaks for.
  const auto bound = crypto::sha256({data.attestation_key.view(), data.qe_authentication});
  std::array<std::uint8_t, sgx::ReportData::size> report_data{};
  std::ranges::copy(bound.view(), report_data.begin());
  data.qe_report =
      platform_.processor.ereport(self, {}, TRY(sgx::ReportData::from(report_data))).body;
  data.qe_signature =
      TRY(sign<sgx::QeReportSignature>(platform_.pck_key, data.qe_report.to_bytes()));
  data.pck_chain = core::as_bytes(platform_.pck_chain);
  return sgx::quote_bytes(to_sign, data);
}

}  // namespace merlon::simulate
