// What a broker answers to a host who brought a claim.

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "merlon/release/claim.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon;
  const core::ByteView bytes(data, size);
  const auto answer = release::decode_answer(bytes);
  if (!answer) return 0;
  if (!std::ranges::equal(release::encode(*answer), bytes)) std::abort();
  return 0;
}
