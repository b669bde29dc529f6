// Any bytes as evidence, and then judged without endorsements: never accepted.

#include "merlon/verify/verifier.h"

#include "tests/fuzz/evidence_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon;
  const auto evidence = evidence::Evidence::parse({data, size});
  if (!evidence) {
    fuzz::expect_no_defect(evidence.error());
    return 0;
  }
  const auto collateral = verify::Collateral::parse({}, evidence->endorsements);
  const auto appraisal =
      verify::appraise(*evidence, collateral, {}, verify::Moment::asked_for({1'750'000'000}));
  if (appraisal.accepted()) std::abort();
  for (const auto& finding : appraisal.findings) {
    if (finding.got == "was not judged") std::abort();
  }
  return 0;
}
