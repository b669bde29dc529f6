// Any bytes as each structure that a guest's owner signs: what can be read is written as it was.

#include <algorithm>

#include "merlon/snp/id_block.h"

#include "tests/fuzz/evidence_harness.h"

namespace {

template <typename T>
void check(merlon::core::ByteView bytes) {
  const auto parsed = T::parse(bytes);
  if (!parsed) {
    merlon::fuzz::expect_no_defect(parsed.error());
  } else if (!std::ranges::equal(parsed->to_bytes(), bytes)) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon::snp;
  const merlon::core::ByteView bytes(data, size);
  check<PublicKey>(bytes);
  check<Signature>(bytes);
  check<AuthorSignature>(bytes);
  check<IdBlock>(bytes);
  check<IdAuth>(bytes);
  return 0;
}
