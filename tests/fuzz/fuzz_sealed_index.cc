// A volume's header and index, before and behind the seal: refused, or the only encoding of what
// was read.

#include <algorithm>
#include <cstdlib>

#include "merlon/sealed/index.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon;
  const core::ByteView bytes(data, size);
  if (const auto header = sealed::Header::parse(bytes)) {
    const auto again = header->bytes();
    if (!std::equal(again.begin(), again.end(), bytes.begin())) std::abort();
  }
  const auto index = sealed::Index::parse(bytes);
  if (!index) return 0;
  const auto again = index->bytes();
  if (!again || !std::ranges::equal(*again, bytes)) std::abort();
  return 0;
}
