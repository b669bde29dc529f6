#include "merlon/statement/claim.h"

#include <limits>

#include <gtest/gtest.h>

#include "merlon/core/bytes.h"

namespace merlon::statement {
namespace {

const core::ByteView context = core::as_bytes(std::string_view("bank 17"));

zk::Opening opening_of(std::uint64_t number) {
  return {zk::P256Scalar(number), zk::P256Scalar::random().value()};
}

TEST(StatementClaim, HoldsWithItsProofInItsContextOnly) {
  zk::RandomScalars random;
  const zk::Threshold threshold{1000, 8};
  const zk::Opening opening = opening_of(1200);
  const Claim claim = AtLeast{threshold, zk::commit(opening)};
  const auto proof =
      zk::prove_threshold(threshold, 1200, opening.blinding, context, random).value();
  EXPECT_EQ(proof.size(), proof_size(claim));
  EXPECT_TRUE(verify(claim, context, proof));
  EXPECT_EQ(verify(claim, {}, proof).error(), Refusal::Proof);
  EXPECT_EQ(verify(claim, context, core::ByteView(proof).first(proof.size() - 1)).error(),
            Refusal::Proof);
  EXPECT_EQ(verify(AtLeast{{1001, 8}, zk::commit(opening)}, context, proof).error(),
            Refusal::Proof);
  EXPECT_EQ(verify(AtLeast{{1000, 9}, zk::commit(opening)}, context, proof).error(),
            Refusal::Proof);
  EXPECT_EQ(verify(AtLeast{threshold, zk::commit(opening_of(1200))}, context, proof).error(),
            Refusal::Proof);
}

TEST(StatementClaim, OfASumTakesNegativeNumbersToo) {
  zk::RandomScalars random;
  const std::array openings{opening_of(~std::uint64_t{0}), opening_of(7)};
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  const Claim claim = Sum{{{1, zk::commit(openings[0])}, {least, zk::commit(openings[1])}}, -5};
  const std::array summands{zk::Summand{scalar_of(1), zk::commit(openings[0])},
                            zk::Summand{scalar_of(least), zk::commit(openings[1])}};
  EXPECT_FALSE(zk::prove_sum(summands, scalar_of(-5), openings, context, random));
  EXPECT_EQ(scalar_of(least) + zk::P256Scalar(std::uint64_t{1} << 63U), zk::P256Scalar());
  const std::array few{opening_of(3), opening_of(4)};
  const std::array of_few{zk::Summand{scalar_of(1), zk::commit(few[0])},
                          zk::Summand{scalar_of(-2), zk::commit(few[1])}};
  const auto proof = zk::prove_sum(of_few, scalar_of(-5), few, context, random).value();
  EXPECT_TRUE(verify(Sum{{{1, zk::commit(few[0])}, {-2, zk::commit(few[1])}}, -5}, context, proof));
  EXPECT_FALSE(verify(claim, context, proof));
}

TEST(StatementClaim, ThatIsImpossibleIsRefusedAsSuch) {
  const zk::P256Point point = zk::commit(opening_of(1));
  const Bytes proof(64);
  EXPECT_EQ(verify(AtLeast{{0, 0}, point}, {}, proof).error(), Refusal::Form);
  EXPECT_EQ(verify(AtLeast{{0, 64}, point}, {}, proof).error(), Refusal::Form);
  EXPECT_EQ(verify(Sum{{}, 0}, {}, proof).error(), Refusal::Form);
  EXPECT_EQ(verify(Sum{{{0, point}}, 0}, {}, proof).error(), Refusal::Form);
  EXPECT_EQ(verify(Sum{std::vector<Part>(33, {1, point}), 0}, {}, proof).error(), Refusal::Form);
  EXPECT_EQ(verify(Equal{point, point}, Bytes(1025), proof).error(), Refusal::Form);
  // A claim about a point and itself says nothing, and nothing proves it.
  EXPECT_EQ(verify(Equal{point, point}, {}, proof).error(), Refusal::Proof);
}

TEST(StatementClaim, RefusalsHaveNames) {
  EXPECT_EQ(code_of(Refusal::Proof), "statement.proof");
  for (const Refusal each :
       {Refusal::Form, Refusal::Kind, Refusal::False, Refusal::Proof, Refusal::Random}) {
    EXPECT_TRUE(code_of(each).starts_with("statement."));
    EXPECT_TRUE(text_of(each).ends_with("."));
  }
}

}  // namespace
}  // namespace merlon::statement
