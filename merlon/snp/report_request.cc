#include "merlon/snp/report_request.h"

#include <algorithm>

namespace merlon::snp {

using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

void put_u32(std::vector<std::uint8_t>& out, std::uint32_t number) {
  for (unsigned i = 0; i < 4; ++i) out.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
}

core::Error malformed(const char* what) { return core::error(ErrorCode::Malformed, what); }

Result<void> expect_zeros(core::Reader& reader, std::size_t count) {
  const ByteView bytes = TRY(reader.bytes(count));
  const bool zero = std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
  return zero ? Result<void>() : malformed("reserved bytes of a report's request are not zero");
}

}  // namespace

std::vector<std::uint8_t> ReportRequest::bytes() const {
  std::vector<std::uint8_t> out(report_data.view().begin(), report_data.view().end());
  put_u32(out, vmpl);
  put_u32(out, static_cast<std::uint32_t>(key));
  out.resize(size, 0);
  return out;
}

Result<ReportRequest> ReportRequest::parse(ByteView payload) {
  if (payload.size() != size) return malformed("no request for a report");
  core::Reader reader(payload);
  ReportRequest made;
  made.report_data = TRY(ReportData::read(reader));
  made.vmpl = TRY(reader.u32());
  if (made.vmpl > 3) return malformed("a request for the report of a VMPL that there is none of");
  const std::uint32_t key = TRY(reader.u32());
  if (key > static_cast<std::uint32_t>(ReportKey::Vlek)) return malformed("no key of a report");
  made.key = static_cast<ReportKey>(key);
  TRY(expect_zeros(reader, reader.remaining()));
  return made;
}

std::vector<std::uint8_t> ReportResponse::bytes() const {
  std::vector<std::uint8_t> out;
  put_u32(out, static_cast<std::uint32_t>(status));
  put_u32(out, static_cast<std::uint32_t>(report.size()));
  out.resize(0x20, 0);
  out.insert(out.end(), report.begin(), report.end());
  return out;
}

Result<ReportResponse> ReportResponse::parse(ByteView payload) {
  core::Reader reader(payload);
  const std::uint32_t status = TRY(reader.u32());
  const std::uint32_t size = TRY(reader.u32());
  TRY(expect_zeros(reader, 24));
  ReportResponse made;
  for (const ReportStatus each :
       {ReportStatus::InvalidParameters, ReportStatus::InvalidKeySelection}) {
    if (status != static_cast<std::uint32_t>(each)) continue;
    made.status = each;
    return made;
  }
  if (status != 0) return core::error(ErrorCode::Unsupported, "another status of a report", status);
  if (size != Report::size || reader.remaining() < size)
    return malformed("a report of another size");
  const ByteView report = TRY(reader.bytes(size));
  made.status = ReportStatus::Success;
  made.report.assign(report.begin(), report.end());
  return made;
}

}  // namespace merlon::snp
