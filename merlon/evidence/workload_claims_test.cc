#include "merlon/evidence/workload_claims.h"

#include <gtest/gtest.h>

namespace merlon::evidence {
namespace {

WorkloadClaims example() {
  return {crypto::sha256({core::as_bytes("tenant")}), crypto::sha256({core::as_bytes("module")}),
          crypto::sha256({core::as_bytes("configuration")})};
}

TEST(WorkloadClaims, ComeBackAsTheyWere) {
  EXPECT_EQ(parse_workload_claims(to_extension(example())).value(), example());
}

TEST(WorkloadClaims, HaveOneEncoding) {
  const Bytes bytes = to_extension(example());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Bytes changed = bytes;
    changed[i] ^= 1;
    const auto read = parse_workload_claims(changed);
    if (read) {
      EXPECT_EQ(to_extension(*read), changed) << i;
      EXPECT_NE(*read, example()) << i;
    }
  }
}

TEST(WorkloadClaims, AreRefusedWhereverTheyAreCut) {
  const Bytes bytes = to_extension(example());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(parse_workload_claims(core::ByteView(bytes).first(size))) << size;
  }
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(parse_workload_claims(longer));
}

}  // namespace
}  // namespace merlon::evidence
