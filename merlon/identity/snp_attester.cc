#include "merlon/identity/snp_attester.h"

#include <algorithm>
#include <array>

#include "merlon/core/reader.h"
#include "merlon/snp/key_request.h"
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

Result<KeyVersions> SnpAttester::newest_key_versions() {
  // Never a keep's report data nor a workload's; nobody gets to see this report.
  constexpr std::string_view purpose = "merlon/versions";
  std::array<std::uint8_t, evidence::ReportData::size> data{};
  std::ranges::copy(purpose, data.begin());
  const auto bytes = TRY(evidence_for(TRY(evidence::ReportData::from(data))));
  const auto report = TRY(snp::Report::parse(bytes));
  std::array<std::uint8_t, KeyVersions::Tcb::size> tcb{};
  std::ranges::copy(report.committed_tcb.view(), tcb.begin());
  return KeyVersions{report.guest_svn, TRY(KeyVersions::Tcb::from(tcb)), snp::all_key_fields};
}

Result<crypto::SecretBytes> SnpAttester::platform_key(const KeyVersions& versions) {
  const core::ByteView tcb = versions.tcb.view();
  const core::ByteView rest = tcb.subspan(snp::TcbVersion::size);
  const bool known = std::ranges::all_of(rest, [](std::uint8_t byte) { return byte == 0; });
  // A key of fewer fields would be one of other keeps', too.
  if (!known || versions.fields != snp::all_key_fields) {
    return core::error(ErrorCode::Unsupported, "a key of other fields", versions.fields);
  }
  snp::KeyRequest request;
  request.guest_svn = versions.svn;
  request.tcb = TRY(snp::TcbVersion::from(tcb.first(snp::TcbVersion::size)));
  auto payload = TRY(channel_.ask(snp::MessageType::KeyRequest, request.bytes()));
  auto response = snp::KeyResponse::parse(payload);
  crypto::wipe(payload);
  snp::KeyResponse answer = TRY(std::move(response));
  switch (answer.status) {
    case snp::KeyStatus::Success: return std::move(answer.key);
    case snp::KeyStatus::InvalidParameters:
      return core::error(ErrorCode::Denied, "versions above the keep's own or the platform's");
    case snp::KeyStatus::InvalidKeySelection: break;
  }
  return core::error(ErrorCode::Unsupported, "this platform gives no keys");
}

Result<std::vector<std::uint8_t>> SnpAttester::measurement_of(core::ByteView evidence) const {
  const auto report = TRY(snp::Report::parse(evidence));
  const auto view = report.measurement.view();
  return std::vector<std::uint8_t>(view.begin(), view.end());
}

}  // namespace merlon::identity
