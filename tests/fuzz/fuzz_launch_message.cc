// Any bytes as a launch message: refused, or read into a message whose only encoding they are.

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "merlon/core/bytes.h"
#include "merlon/launch/message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon;
  const core::ByteView bytes{data, size};
  if (size < launch::header_size) return 0;
  const auto body_size = launch::body_size(bytes.first(launch::header_size));
  const core::ByteView body = bytes.subspan(launch::header_size);
  const auto message = launch::decode_body(body);
  if (!message) return 0;
  const auto again = launch::encode(*message);
  if (!again) std::abort();
  const core::ByteView encoded = core::ByteView(*again).subspan(launch::header_size);
  if (!std::equal(encoded.begin(), encoded.end(), body.begin(), body.end())) std::abort();
  if (body_size && *body_size == body.size() &&
      !std::equal(again->begin(), again->end(), bytes.begin(), bytes.end())) {
    std::abort();
  }
  return 0;
}
