// Any bytes as what a guest asks for a report, and as the answer: what can be read is written as it
// was.

#include <algorithm>
#include <cstdlib>

#include "merlon/snp/report_request.h"

#include "tests/fuzz/evidence_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon;
  const core::ByteView bytes(data, size);
  const auto request = snp::ReportRequest::parse(bytes);
  if (!request) {
    fuzz::expect_no_defect(request.error());
  } else if (!std::ranges::equal(request->bytes(), bytes)) {
    std::abort();
  }
  const auto response = snp::ReportResponse::parse(bytes);
  if (!response) {
    fuzz::expect_no_defect(response.error());
    return 0;
  }
  const bool has_report = response->status == snp::ReportStatus::Success;
  if (response->report.size() != (has_report ? snp::Report::size : 0)) std::abort();
  // Bytes behind a report are those of the page, and not the message's.
  const auto again = response->bytes();
  if (has_report && !std::ranges::equal(again, bytes.first(again.size()))) std::abort();
  return 0;
}
