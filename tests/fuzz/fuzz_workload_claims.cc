// What a keep says of its workload, as a Steward reads it.

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "merlon/evidence/workload_claims.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon;
  const core::ByteView bytes(data, size);
  const auto claims = evidence::parse_workload_claims(bytes);
  if (!claims) return 0;
  // There is one encoding of each.
  if (!std::ranges::equal(evidence::to_extension(*claims), bytes)) std::abort();
  return 0;
}
