// What a tenant asks a gatehouse for.

#include <cstdint>
#include <cstdlib>

#include "merlon/door/keep_request.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon;
  const auto request = door::parse_keep_request(core::as_text({data, size}));
  if (!request) return 0;
  const auto again = door::parse_keep_request(door::to_json(*request));
  if (!again || again->backend != request->backend ||
      again->offer.wishes != request->offer.wishes || again->offer.nonce != request->offer.nonce ||
      again->offer.max_memory_bytes != request->offer.max_memory_bytes ||
      again->offer.timeout_nanoseconds != request->offer.timeout_nanoseconds) {
    std::abort();
  }
  return 0;
}
