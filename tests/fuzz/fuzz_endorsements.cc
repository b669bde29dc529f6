// Any bytes as endorsements.

#include "merlon/verify/collateral.h"

#include "tests/fuzz/evidence_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  merlon::evidence::Endorsements all;
  if (all.add({data, size})) (void)merlon::verify::Collateral::parse(all);
  return 0;
}
