// Payloads of a guest's request for a key and of the answer, as either side reads them.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "merlon/snp/key_request.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const merlon::core::ByteView bytes(data, size);
  const auto request = merlon::snp::KeyRequest::parse(bytes);
  if (request && !std::ranges::equal(request->bytes(), bytes)) std::abort();
  const auto response = merlon::snp::KeyResponse::parse(bytes);
  if (response && response->status == merlon::snp::KeyStatus::Success &&
      !std::ranges::equal(response->bytes(), bytes)) {
    std::abort();
  }
  return 0;
}
