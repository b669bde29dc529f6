// What is inside a sealed delivery, before its signature is believed.

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "merlon/delivery/workload.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon;
  const core::ByteView bytes(data, size);
  const auto workload = delivery::decode(bytes);
  if (!workload) return 0;
  // There is one encoding of each.
  const auto again = delivery::encode(*workload);
  if (!again || !std::ranges::equal(*again, bytes)) std::abort();
  return 0;
}
