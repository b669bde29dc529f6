// Any bytes as the attestation result of a certificate: what is taken from it is written as it was
// read.

#include "merlon/evidence/attestation_result.h"

#include "tests/fuzz/evidence_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using merlon::evidence::AttestationResult;
  const auto result = AttestationResult::parse({data, size});
  if (!result) {
    merlon::fuzz::expect_no_defect(result.error());
    return 0;
  }
  if (AttestationResult::parse(result->to_extension()).value() != *result) std::abort();
  return 0;
}
