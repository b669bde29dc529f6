// Any bytes as a SIGSTRUCT: what can be read is written as it was.

#include <algorithm>

#include "merlon/sgx/sigstruct.h"

#include "tests/fuzz/evidence_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const merlon::core::ByteView bytes(data, size);
  const auto parsed = merlon::sgx::Sigstruct::parse(bytes);
  if (!parsed) {
    merlon::fuzz::expect_no_defect(parsed.error());
  } else if (!std::ranges::equal(parsed->to_bytes(), bytes)) {
    std::abort();
  }
  return 0;
}
