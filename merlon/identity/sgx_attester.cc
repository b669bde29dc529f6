#include "merlon/identity/sgx_attester.h"

#include <algorithm>
#include <array>

#include "merlon/sgx/key_request.h"
#include "merlon/sgx/quote.h"

namespace merlon::identity {

using core::AttestKind;
using core::ErrorCode;
using core::Result;
using Bytes = std::vector<std::uint8_t>;

namespace {

constexpr std::size_t enclave_key_size = 16;

core::Error not_asked_for(const char* what) { return core::error(ErrorCode::Denied, what); }

sgx::ReportData as_sgx(core::ByteView data) { return sgx::ReportData::from(data).value(); }

/// A name of at most 63 bytes, and zeros.
sgx::ReportData named(std::string_view purpose) {
  std::array<std::uint8_t, sgx::ReportData::size> data{};
  std::ranges::copy(purpose, data.begin());
  return as_sgx(data);
}

/// What `purpose` and the number of the half make of KEYID.
sgx::KeyId key_id_of(std::string_view purpose, std::uint8_t half) {
  std::array<std::uint8_t, sgx::KeyId::size> id{};
  std::ranges::copy(purpose, id.begin());
  id.back() = half;
  return sgx::KeyId::from(id).value();
}

}  // namespace

Result<sgx::Report> SgxAttester::report_for(const sgx::TargetInfo& target,
                                            const sgx::ReportData& data) {
  const auto target_bytes = target.to_bytes();
  Bytes sent(target_bytes.begin(), target_bytes.end());
  sent.insert(sent.end(), data.view().begin(), data.view().end());
  const auto report = TRY(sgx::Report::parse(TRY(calls_->ask(AttestKind::Report, sent))));
  if (report.body.report_data != data) return not_asked_for("a report that was not asked for");
  return report;
}

Result<Bytes> SgxAttester::evidence_for(const evidence::ReportData& data) {
  // Whichever target the host names: the report says what this enclave is, and nothing secret.
  const auto target = TRY(sgx::TargetInfo::parse(TRY(calls_->ask(AttestKind::QuoteTarget, {}))));
  const auto report = TRY(report_for(target, as_sgx(data.view())));
  Bytes quote = TRY(calls_->ask(AttestKind::Quote, report.to_bytes()));
  const auto parsed = TRY(sgx::Quote::parse(quote));
  if (parsed.kind != sgx::BodyKind::Enclave ||
      !std::ranges::equal(parsed.body, report.body.to_bytes())) {
    return not_asked_for("a quote of another report");
  }
  return quote;
}

Result<Bytes> SgxAttester::measurement_of(core::ByteView evidence) const {
  const auto quote = TRY(sgx::Quote::parse(evidence));
  if (quote.kind != sgx::BodyKind::Enclave) {
    return core::error(ErrorCode::Unsupported, "a quote that is not of an enclave");
  }
  const auto body = TRY(sgx::ReportBody::parse(quote.body));
  const auto view = body.mr_enclave.view();
  return Bytes(view.begin(), view.end());
}

Result<KeyVersions> SgxAttester::newest_key_versions() {
  // Never a keep's report data nor a workload's; for no target that there is.
  const auto report = TRY(report_for({}, named("merlon/versions")));
  const auto cpu_svn = report.body.cpu_svn.view();
  return KeyVersions{report.body.svn, TRY(KeyVersions::Tcb::from(cpu_svn)), key_fields};
}

Result<crypto::SecretBytes> SgxAttester::keys_of(const KeyVersions& versions,
                                                 std::string_view purpose) {
  if (versions.fields != key_fields) {
    return core::error(ErrorCode::Unsupported, "a key of other fields", versions.fields);
  }
  if (versions.svn > UINT16_MAX) {
    return core::error(ErrorCode::Denied, "versions above the keep's own or the platform's");
  }
  sgx::KeyRequest request;
  request.policy = static_cast<std::uint16_t>(sgx::KeyPolicy::OfEnclave);
  request.svn = static_cast<std::uint16_t>(versions.svn);
  request.cpu_svn = TRY(sgx::CpuSvn::from(versions.tcb.view()));
  request.flags_mask = ~std::uint64_t{0};
  request.xfrm_mask = ~std::uint64_t{0};
  request.misc_mask = ~std::uint32_t{0};
  Bytes both;
  both.reserve(2 * enclave_key_size);  // so that no copy stays behind
  for (const std::uint8_t half : std::initializer_list<std::uint8_t>{1, 2}) {
    request.key_id = key_id_of(purpose, half);
    auto answer = calls_->ask(AttestKind::Key, request.to_bytes());
    if (!answer || answer->size() != enclave_key_size) {
      crypto::wipe(both);
      if (answer) crypto::wipe(*answer);
      return answer ? core::error(ErrorCode::Malformed, "a key of another size") : answer.error();
    }
    both.insert(both.end(), answer->begin(), answer->end());
    crypto::wipe(*answer);
  }
  return crypto::SecretBytes(std::move(both));
}

Result<crypto::SecretBytes> SgxAttester::platform_key(const KeyVersions& versions) {
  return keys_of(versions, "merlon/platform-key/1");
}

Result<crypto::SecretBytes> SgxAttester::seed() {
  const KeyVersions newest = TRY(newest_key_versions());
  return keys_of(newest, "merlon/seed/1");
}

Bytes SgxAttester::certificates() {
  return calls_->ask(AttestKind::Collateral, {}).value_or(Bytes());
}

}  // namespace merlon::identity
