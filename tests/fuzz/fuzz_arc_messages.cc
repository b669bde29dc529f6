// Any bytes as each message of a credential: what can be read is written as it was.

#include <algorithm>

#include "merlon/zk/arc.h"

#include "tests/fuzz/evidence_harness.h"

namespace {

using merlon::core::ByteView;

template <typename Message>
void check(const merlon::core::Result<Message>& read, ByteView bytes) {
  if (!read) {
    merlon::fuzz::expect_no_defect(read.error());
    return;
  }
  const auto written = read->encode();
  if (!written || !std::ranges::equal(*written, bytes)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon::zk;
  if (size == 0) return 0;
  const ByteView bytes = ByteView(data, size).subspan(1);
  switch (data[0] % 4) {
    case 0: check(ArcPublicKey::decode(bytes), bytes); break;
    case 1: check(ArcRequest::decode(bytes), bytes); break;
    case 2: check(ArcResponse::decode(bytes), bytes); break;
    case 3: check(ArcPresentation::decode(bytes, 2 + data[0] / 4), bytes); break;
    default: break;
  }
  return 0;
}
