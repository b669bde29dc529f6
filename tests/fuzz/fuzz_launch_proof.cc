// A keep's proof, as its host reads it.

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "merlon/launch/proof.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon;
  constexpr std::size_t head_size = 12;
  const core::ByteView bytes(data, size);
  const auto answer = launch::decode_proof(bytes);
  if (!answer) return 0;
  const auto again = launch::encode(*answer);
  if (size > launch::max_proof_size) return 0;
  // There is one encoding of each.
  if (!again || !std::ranges::equal(core::ByteView(*again).subspan(head_size), bytes)) std::abort();
  return 0;
}
