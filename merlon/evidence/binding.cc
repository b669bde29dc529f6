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

std::optional<ReportData> report_data_of(const Evidence& evidence) noexcept {
  struct Find {
    std::optional<ReportData> operator()(const KvmEvidence&) const noexcept { return std::nullopt; }
    std::optional<ReportData> operator()(const SgxEvidence& e) const noexcept {
      return ReportData::from(e.report.report_data.view()).value();
    }
    std::optional<ReportData> operator()(const TdxEvidence& e) const noexcept {
      return ReportData::from(e.report.report_data.view()).value();
    }
    std::optional<ReportData> operator()(const SnpEvidence& e) const noexcept {
      return ReportData::from(e.report.report_data.view()).value();
    }
  };
  return std::visit(Find{}, evidence.report);
}

}  // namespace merlon::evidence
