#include "merlon/identity/snp_attester.h"

#include <algorithm>

#include "merlon/core/reader.h"
#include "merlon/snp/report_request.h"

namespace merlon::identity {

using core::ErrorCode;
using core::Result;

Result<FirmwareSecrets> take_secrets(core::ByteSpan secrets_page) {
  constexpr std::size_t page_size = 4096;
  constexpr std::uint32_t first_version = 2;
  constexpr std::size_t keys_offset = 0x20;
  constexpr std::size_t keys_size = snp::vmpck_count * crypto::AesGcmKey::size;
  if (secrets_page.size() != page_size) {
    return core::error(ErrorCode::Malformed, "no page of secrets", secrets_page.size());
  }
  core::Reader reader(secrets_page);
  const std::uint32_t version = TRY(reader.u32());
  const core::ByteSpan keys = secrets_page.subspan(keys_offset, keys_size);
  const core::ByteView first = keys.first(crypto::AesGcmKey::size);
  const bool empty = std::ranges::all_of(first, [](std::uint8_t byte) { return byte == 0; });
  if (version < first_version || empty) {
    return core::error(ErrorCode::Malformed, "the page of secrets has not been filled", version);
  }
  const core::ByteView others = keys.subspan(crypto::AesGcmKey::size);
  FirmwareSecrets taken{crypto::AesGcmKey(first),
                        crypto::SecretBytes({others.begin(), others.end()})};
  crypto::wipe(keys);
  return taken;
}

Result<std::vector<std::uint8_t>> SnpAttester::evidence_for(const evidence::ReportData& data) {
  const auto wanted = snp::ReportData::from(data.view()).value();
  snp::ReportRequest request;
  request.report_data = wanted;
  const auto payload = TRY(channel_.ask(snp::MessageType::ReportRequest, request.bytes()));
  snp::ReportResponse response = TRY(snp::ReportResponse::parse(payload));
  if (response.status != snp::ReportStatus::Success) {
    return core::error(ErrorCode::Unsupported, "the firmware gives no report",
                       static_cast<std::uint32_t>(response.status));
  }
  const auto report = TRY(snp::Report::parse(response.report));
  if (report.report_data != wanted || report.vmpl != request.vmpl) {
    return core::error(ErrorCode::Denied, "a report that was not asked for");
  }
  return std::move(response.report);
}

Result<std::vector<std::uint8_t>> SnpAttester::measurement_of(core::ByteView evidence) const {
  const auto report = TRY(snp::Report::parse(evidence));
  const auto view = report.measurement.view();
  return std::vector<std::uint8_t>(view.begin(), view.end());
}

}  // namespace merlon::identity
