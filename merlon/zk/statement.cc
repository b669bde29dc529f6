#include "merlon/zk/statement.h"

#include "merlon/base/text.h"
#include "merlon/core/reader.h"
#include "merlon/zk/statement_relations.h"

namespace merlon::zk {

using core::ByteView;
using core::ErrorCode;
using core::Reader;
using core::Result;

namespace {

using Bytes = std::vector<std::uint8_t>;

ProofUse use_of(std::string_view statement, ByteView context) {
  std::string tag = base::concat("merlon/", statement, "/v1/");
  tag.append(context.begin(), context.end());
  tag += "-CMPT-with-sigma-proofs_Shake128_P256";
  return {Transcript::SigmaProofs, std::move(tag)};
}

ProofUse threshold_use(const Threshold& threshold, ByteView context) {
  return use_of(base::concat("threshold/", threshold.least, "/", int{threshold.bits}), context);
}

std::uint64_t limit_of(const Threshold& threshold) noexcept {
  return std::uint64_t{1} << threshold.bits;
}

bool is_possible(const Threshold& threshold) noexcept {
  return threshold.bits >= 1 && threshold.bits <= Threshold::max_bits;
}

}  // namespace

LinearRelation sum_relation(std::span<const Summand> summands, const P256Scalar& total) {
  LinearRelation relation;
  const Secret blinding = relation.add_secret();
  const Element h = relation.add_element(blinding_generator());
  Equation equation;
  for (const Summand& summand : summands) {
    equation.image.push_back({relation.add_element(summand.commitment), summand.times});
  }
  if (!total.is_zero()) equation.image.push_back({Element::Generator, -total});
  equation.terms.push_back({blinding, h, P256Scalar(1)});
  relation.add_equation(std::move(equation));
  return relation;
}

LinearRelation threshold_relation(const P256Point& above, std::span<const P256Point> bits) {
  LinearRelation relation;
  const Element h = relation.add_element(blinding_generator());
  // One bit is the number itself; of more the verifier adds up the commitments.
  const Element whole = bits.size() == 1 ? relation.add_element(above) : Element::Generator;
  constrain_range(relation, bits, h, above, whole);
  return relation;
}

Result<Bytes> prove_sum(std::span<const Summand> summands, const P256Scalar& total,
                        std::span<const Opening> openings, ByteView context,
                        ScalarSource& blindings) {
  MERLON_CHECK(summands.size() == openings.size());
  P256Scalar blinding;
  P256Scalar sum;
  for (std::size_t i = 0; i < summands.size(); ++i) {
    blinding = blinding + summands[i].times * openings[i].blinding;
    sum = sum + summands[i].times * openings[i].value;
  }
  if (!(sum == total)) return core::error(ErrorCode::Denied, "the sum is another");
  return prove_compact(use_of("sum", context), sum_relation(summands, total), {&blinding, 1},
                       blindings);
}

Result<void> verify_sum(std::span<const Summand> summands, const P256Scalar& total,
                        ByteView context, ByteView proof) {
  return verify_compact(use_of("sum", context), sum_relation(summands, total), proof);
}

Result<Bytes> prove_equal(const P256Point& one, const Opening& of_one, const P256Point& other,
                          const Opening& of_other, ByteView context, ScalarSource& blindings) {
  const std::array<Summand, 2> both{Summand{P256Scalar(1), one}, Summand{-P256Scalar(1), other}};
  const std::array<Opening, 2> openings{of_one, of_other};
  return prove_sum(both, P256Scalar(), openings, context, blindings);
}

Result<void> verify_equal(const P256Point& one, const P256Point& other, ByteView context,
                          ByteView proof) {
  const std::array<Summand, 2> both{Summand{P256Scalar(1), one}, Summand{-P256Scalar(1), other}};
  return verify_sum(both, P256Scalar(), context, proof);
}

std::size_t Threshold::proof_size() const noexcept {
  return std::size_t{bits} * P256Point::size + (1 + std::size_t{3} * bits) * P256Scalar::size;
}

Result<Bytes> prove_threshold(const Threshold& threshold, std::uint64_t value,
                              const P256Scalar& blinding, ByteView context,
                              ScalarSource& blindings) {
  if (!is_possible(threshold)) return core::error(ErrorCode::Malformed, "1 to 63 bits");
  if (value < threshold.least || value - threshold.least >= limit_of(threshold)) {
    return core::error(ErrorCode::Denied, "the number is not in the range");
  }
  const std::uint64_t above = value - threshold.least;
  const RangeProver range = TRY(split(above, blinding, limit_of(threshold), blindings));
  const P256Point whole = commit({P256Scalar(above), blinding});
  Bytes proof;
  for (const P256Point& bit : range.bit_commitments) {
    const auto encoded = TRY(bit.encode());
    proof.insert(proof.end(), encoded.view().begin(), encoded.view().end());
  }
  const Bytes of_bits = TRY(prove_compact(threshold_use(threshold, context),
                                          threshold_relation(whole, range.bit_commitments),
                                          range.secrets, blindings));
  proof.insert(proof.end(), of_bits.begin(), of_bits.end());
  return proof;
}

Result<void> verify_threshold(const Threshold& threshold, const P256Point& commitment,
                              ByteView context, ByteView proof) {
  if (!is_possible(threshold)) return core::error(ErrorCode::Malformed, "1 to 63 bits");
  if (proof.size() != threshold.proof_size()) {
    return core::error(ErrorCode::Malformed, "a proof of another size", proof.size());
  }
  Reader reader(proof);
  std::vector<P256Point> bits;
  for (std::uint8_t i = 0; i < threshold.bits; ++i) {
    bits.push_back(TRY(P256Point::decode(TRY(reader.bytes(P256Point::size)))));
  }
  const P256Point above = commitment - P256Point::times_generator(P256Scalar(threshold.least));
  if (!adds_up(bits, above, limit_of(threshold))) {
    return core::error(ErrorCode::Denied, "the bits do not add up to the number");
  }
  return verify_compact(threshold_use(threshold, context), threshold_relation(above, bits),
                        TRY(reader.bytes(reader.remaining())));
}

}  // namespace merlon::zk
