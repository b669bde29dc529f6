#include "merlon/evidence/binding.h"

#include <algorithm>

namespace merlon::evidence {

namespace {

ReportData padded(core::ByteView digest) noexcept {
  std::array<std::uint8_t, 64> bytes{};
  std::ranges::copy(digest, bytes.begin());
  return ReportData::from(bytes).value();
}

}  // namespace

ReportData enarx_report_data(Technology technology, core::ByteView spki) noexcept {
  switch (technology) {
    case Technology::Sgx:
    case Technology::Tdx: return padded(crypto::sha256({spki}).view());
    case Technology::Snp: return padded(crypto::sha384({spki}).view());
    case Technology::Kvm: break;
  }
  return {};
}

ReportData keep_report_data(const crypto::Sha256Digest& tls_spki_digest,
                            const crypto::Sha256Digest& hpke_key_digest,
                            const Nonce& nonce) noexcept {
  constexpr std::array<std::uint8_t, 16> label{'m', 'e', 'r', 'l', 'o', 'n', '/', 'k',
                                               'e', 'e', 'p', '/', 'v', '1', 0,   0};
  const auto digest =
      crypto::sha512({label, tls_spki_digest.view(), hpke_key_digest.view(), nonce.view()});
  return ReportData::from(digest.view()).value();
}

ReportData work_report_data(const crypto::Sha256Digest& launch_digest,
                            const crypto::Sha256Digest& said_digest) noexcept {
  constexpr std::array<std::uint8_t, 16> label{'m', 'e', 'r', 'l', 'o', 'n', '/', 'w',
                                               'o', 'r', 'k', '/', 'v', '1', 0,   0};
  const auto digest = crypto::sha512({label, launch_digest.view(), said_digest.view()});
  return ReportData::from(digest.view()).value();
}

ReportData credential_report_data(const crypto::Sha256Digest& tls_spki_digest,
                                  const crypto::Sha256Digest& request_digest) noexcept {
  constexpr std::array<std::uint8_t, 16> label{'m', 'e', 'r', 'l', 'o', 'n', '/', 'c',
                                               'r', 'e', 'd', '/', 'v', '1', 0,   0};
  const auto digest = crypto::sha512({label, tls_spki_digest.view(), request_digest.view()});
  return ReportData::from(digest.view()).value();
}

std::optional<ReportData> report_data_of(const Evidence& evidence) noexcept {
  if (const auto* sgx = std::get_if<SgxEvidence>(&evidence.report)) {
    return ReportData::from(sgx->report.report_data.view()).value();
  }
  if (const auto* tdx = std::get_if<TdxEvidence>(&evidence.report)) {
    return ReportData::from(tdx->report.report_data.view()).value();
  }
  if (const auto* snp = std::get_if<SnpEvidence>(&evidence.report)) {
    return ReportData::from(snp->report.report_data.view()).value();
  }
  return std::nullopt;
}

}  // namespace merlon::evidence
