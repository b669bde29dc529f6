// Any bytes as what enclaves and their processor say to each other: what can be read is written as
// it was.
#include <algorithm>

#include "merlon/sgx/key_request.h"
#include "merlon/sgx/report.h"

#include "tests/fuzz/evidence_harness.h"

namespace {

template <typename Structure>
void check(merlon::core::ByteView bytes) {
  const auto parsed = Structure::parse(bytes);
  if (!parsed) {
    merlon::fuzz::expect_no_defect(parsed.error());
  } else if (!std::ranges::equal(parsed->to_bytes(), bytes)) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const merlon::core::ByteView bytes(data, size);
  check<merlon::sgx::TargetInfo>(bytes);
  check<merlon::sgx::Report>(bytes);
  check<merlon::sgx::KeyRequest>(bytes);
  return 0;
}
