#pragma once

// MSG_REPORT_REQ and MSG_REPORT_RSP [SNP-ABI 1.58 §7.3, §8.26]: how a guest asks for its report.
// Payloads of guest messages, and so from the other side of an authenticated channel.
// Little-endian.

#include <vector>

#include "merlon/snp/report.h"

namespace merlon::snp {

/// KEY_SEL: which key the report is to be signed with.
enum class ReportKey : std::uint32_t { VlekIfThereIsOne = 0, Vcek = 1, Vlek = 2 };

struct ReportRequest {
  static constexpr std::size_t size = 96;

  ReportData report_data;
  std::uint32_t vmpl = 0;
  ReportKey key = ReportKey::VlekIfThereIsOne;

  [[nodiscard]] std::vector<std::uint8_t> bytes() const;
  /// Malformed: another size, reserved bytes, a key or VMPL that there is none of.
  [[nodiscard]] static core::Result<ReportRequest> parse(core::ByteView payload);
};

/// STATUS of MSG_REPORT_RSP.
enum class ReportStatus : std::uint32_t {
  Success = 0,
  InvalidParameters = 0x16,
  InvalidKeySelection = 0x27,
};

struct ReportResponse {
  ReportStatus status = ReportStatus::InvalidParameters;
  std::vector<std::uint8_t> report;  ///< 1184 bytes, if the status is Success; not parsed

  [[nodiscard]] std::vector<std::uint8_t> bytes() const;
  /// Malformed: reserved bytes, a size that is not that of a report. Unsupported: another status
  /// (detail: which).
  [[nodiscard]] static core::Result<ReportResponse> parse(core::ByteView payload);
};

}  // namespace merlon::snp
