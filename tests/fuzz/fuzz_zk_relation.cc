// Any bytes as a relation and a proof of it: what can be read is written as it was, and no proof
// that nobody has made holds.

#include <algorithm>

#include "merlon/zk/proof.h"

#include "tests/fuzz/evidence_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon;
  core::Reader reader({data, size});
  const auto half = reader.u16();
  if (!half) return 0;
  const auto relation_bytes = reader.bytes(*half);
  if (!relation_bytes) return 0;
  const auto relation = zk::LinearRelation::parse(*relation_bytes);
  if (!relation) {
    fuzz::expect_no_defect(relation.error());
    return 0;
  }
  const auto written = relation->serialize();
  if (!written || !std::ranges::equal(*written, *relation_bytes)) std::abort();
  if (relation->elements().size() > 16) return 0;
  const auto proof = reader.bytes(reader.remaining()).value();
  const zk::ProofUse use{zk::Transcript::SigmaProofs, "fuzz"};
  if (zk::verify_compact(use, *relation, proof)) std::abort();
  if (zk::verify_batchable(use, *relation, proof)) std::abort();
  return 0;
}
