#include "merlon/zk/statement.h"

#include <gtest/gtest.h>

#include "merlon/zk/testing/vectors.h"

namespace merlon::zk {
namespace {

const std::array<std::uint8_t, 3> context{1, 2, 3};
const std::array<std::uint8_t, 3> other_context{1, 2, 4};

Opening opening(std::uint64_t value) { return {P256Scalar(value), P256Scalar::random().value()}; }

TEST(Statement, OfASumHoldsForThisSumOnly) {
  RandomScalars random;
  const std::array openings{opening(10), opening(32), opening(5)};
  const std::array summands{Summand{P256Scalar(1), commit(openings[0])},
                            Summand{P256Scalar(2), commit(openings[1])},
                            Summand{-P256Scalar(3), commit(openings[2])}};
  const P256Scalar total(59);
  const auto proof = prove_sum(summands, total, openings, context, random).value();
  EXPECT_TRUE(verify_sum(summands, total, context, proof));
  EXPECT_FALSE(verify_sum(summands, P256Scalar(60), context, proof));
  EXPECT_FALSE(verify_sum(summands, total, other_context, proof));
  auto others = summands;
  others[1].times = P256Scalar(3);
  EXPECT_FALSE(verify_sum(others, total, context, proof));
  EXPECT_EQ(prove_sum(summands, P256Scalar(60), openings, context, random).error().code,
            core::ErrorCode::Denied);
}

TEST(Statement, OfEqualityHoldsForEqualNumbersOnly) {
  RandomScalars random;
  const Opening a = opening(7);
  const Opening b = opening(7);
  const Opening c = opening(8);
  const auto proof = prove_equal(commit(a), a, commit(b), b, context, random).value();
  EXPECT_TRUE(verify_equal(commit(a), commit(b), context, proof));
  EXPECT_FALSE(verify_equal(commit(a), commit(c), context, proof));
  EXPECT_FALSE(prove_equal(commit(a), a, commit(c), c, context, random));
}

TEST(Statement, OfAThresholdHoldsFromItOn) {
  RandomScalars random;
  const P256Scalar blinding = P256Scalar::random().value();
  const auto holds = [&](std::uint64_t value, const Threshold& threshold) {
    const auto proof = prove_threshold(threshold, value, blinding, context, random);
    if (!proof) return false;
    EXPECT_EQ(proof->size(), threshold.proof_size());
    const P256Point commitment = commit({P256Scalar(value), blinding});
    EXPECT_FALSE(verify_threshold(threshold, commitment, other_context, *proof));
    EXPECT_FALSE(
        verify_threshold({threshold.least + 1, threshold.bits}, commitment, context, *proof));
    EXPECT_FALSE(verify_threshold(threshold, commitment + P256Point::generator(), context, *proof));
    return verify_threshold(threshold, commitment, context, *proof).has_value();
  };
  EXPECT_TRUE(holds(1000, {1000, 8}));
  EXPECT_TRUE(holds(1255, {1000, 8}));
  EXPECT_FALSE(holds(1256, {1000, 8}));
  EXPECT_FALSE(holds(999, {1000, 8}));
  EXPECT_TRUE(holds(0, {0, 1}));
  EXPECT_TRUE(holds(1, {0, 1}));
  EXPECT_FALSE(holds(2, {0, 1}));
  EXPECT_TRUE(holds((std::uint64_t{1} << 63U) - 1, {0, 63}));
  EXPECT_TRUE(holds(~std::uint64_t{0}, {~std::uint64_t{0} - 5, 32}));
  EXPECT_FALSE(holds(5, {0, 64}));
  EXPECT_FALSE(holds(5, {0, 0}));
}

// What would make a range say nothing: bits that are no bits, and bits of another number.
TEST(Statement, OfARangeIsNotFooledByItsParts) {
  RandomScalars random;
  const Threshold threshold{0, 4};
  const P256Scalar blinding = P256Scalar::random().value();
  const P256Point commitment = commit({P256Scalar(16), blinding});
  EXPECT_FALSE(prove_threshold(threshold, 16, blinding, context, random));
  // A prover who takes a 2 for a bit: 2·8 = 16.
  RangeProver range = split(8, blinding, 16, random).value();
  const P256Point high = range.bit_commitments[0] + P256Point::generator();
  auto bits = range.bit_commitments;
  bits[0] = high;
  EXPECT_TRUE(adds_up(bits, commitment, 16));
  LinearRelation relation;
  const Element h = relation.add_element(blinding_generator());
  constrain_range(relation, bits, h, commitment, Element::Generator);
  auto secrets = range.secrets;
  secrets[0] = P256Scalar(2);
  secrets[8] = (P256Scalar(1) - secrets[0]) * secrets[4];
  EXPECT_FALSE(relation.map(secrets) == relation.image());
  const ProofUse use{Transcript::SigmaProofs, "x"};
  EXPECT_FALSE(
      verify_compact(use, relation, prove_compact(use, relation, secrets, random).value()));
}

TEST(Statement, AlteredAnywhereIsRefused) {
  RandomScalars random;
  const Threshold threshold{100, 4};
  const P256Scalar blinding = P256Scalar::random().value();
  const P256Point commitment = commit({P256Scalar(111), blinding});
  const auto proof = prove_threshold(threshold, 111, blinding, context, random).value();
  for (std::size_t i = 0; i < proof.size(); ++i) {
    auto altered = proof;
    altered[i] ^= 1U;
    EXPECT_FALSE(verify_threshold(threshold, commitment, context, altered)) << i;
  }
}

TEST(Range, BasesReachEachNumberBelowTheLimitAndNoOther) {
  for (std::uint64_t limit = 2; limit < 200; ++limit) {
    const auto bases = bases_of(limit);
    EXPECT_EQ(bases.size(), bits_of(limit));
    std::vector<bool> reached(limit);
    for (std::size_t mask = 0; mask < std::size_t{1} << bases.size(); ++mask) {
      std::uint64_t sum = 0;
      for (std::size_t i = 0; i < bases.size(); ++i) sum += (mask >> i & 1U) * bases[i];
      ASSERT_LT(sum, limit);
      reached[sum] = true;
    }
    EXPECT_EQ(std::ranges::count(reached, false), 0) << limit;
  }
}

}  // namespace
}  // namespace merlon::zk
