// Any bytes as a SEV-SNP report, and behind its first byte as a certificate table.

#include <algorithm>

#include "merlon/snp/certificate_table.h"
#include "merlon/snp/report.h"

#include "tests/fuzz/evidence_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const merlon::core::ByteView bytes(data, size);
  if (const auto report = merlon::snp::Report::parse(bytes);
      report && report->signing_key != merlon::snp::SigningKey::Unknown &&
      !std::ranges::equal(report->bytes(), bytes)) {
    std::abort();
  }
  const auto table = merlon::snp::parse_certificate_table(bytes);
  if (!table) return 0;
  for (const auto& entry : *table) {
    if (entry.bytes.data() < data || entry.bytes.data() + entry.bytes.size() > data + size) {
      std::abort();
    }
  }
  return 0;
}
