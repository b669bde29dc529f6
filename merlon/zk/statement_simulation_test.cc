// That the proofs of statements tell nothing: for each there is a simulator that has only what the
// verifier has, no number and no blinding, and what it says cannot be told from what a prover says.
// The verifier accepts both for a challenge that the test has chosen beforehand, which nobody can
// do where the challenge is a hash of what was said before.

#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "merlon/zk/statement_relations.h"

namespace merlon::zk {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// What is proven, as one side has it in one conversation.
struct Instance {
  std::vector<P256Point> sent;  ///< points that the prover chooses
  LinearRelation relation;
  std::vector<P256Scalar> secrets;  ///< none where it is simulated
};

struct Statement {
  std::function<Instance()> proven;
  std::function<Instance()> simulated;
};

P256Scalar any() { return P256Scalar::random().value(); }

Conversation conversation(const Instance& instance, const P256Scalar& challenge,
                          const std::function<P256Scalar()>& blinding) {
  std::vector<P256Scalar> blindings;
  for (std::size_t i = 0; i < instance.secrets.size(); ++i) blindings.push_back(blinding());
  Conversation said{instance.relation.map(blindings), challenge, {}};
  for (std::size_t i = 0; i < blindings.size(); ++i) {
    said.responses.push_back(blindings[i] + challenge * instance.secrets[i]);
  }
  return said;
}

Bytes all_of(const Instance& instance, const Conversation& said) {
  Bytes bytes;
  const auto add = [&bytes](core::ByteView view) {
    bytes.insert(bytes.end(), view.begin(), view.end());
  };
  for (const auto* points : {&instance.sent, &said.commitments}) {
    for (const P256Point& point : *points) add(point.encode().value().view());
  }
  for (const P256Scalar& response : said.responses) add(response.encode().view());
  return bytes;
}

/// How often each bit is set in what is said; each conversation is accepted.
std::vector<int> counted(int rounds, const std::function<Instance()>& next, bool is_simulated,
                         const std::function<P256Scalar()>& blinding = any) {
  RandomScalars random;
  std::vector<int> ones;
  for (int round = 0; round < rounds; ++round) {
    const Instance instance = next();
    const P256Scalar challenge = any();
    const Conversation said = is_simulated ? simulate(instance.relation, challenge, random).value()
                                           : conversation(instance, challenge, blinding);
    EXPECT_TRUE(verify_conversation(instance.relation, said));
    const Bytes bytes = all_of(instance, said);
    ones.resize(8 * bytes.size());
    for (std::size_t bit = 0; bit < ones.size(); ++bit) ones[bit] += bytes[bit / 8] >> bit % 8 & 1;
  }
  return ones;
}

/// The largest difference of two such counts, in standard deviations of a difference.
double difference(const std::vector<int>& one, const std::vector<int>& other, int rounds) {
  EXPECT_EQ(one.size(), other.size());
  int most = 0;
  for (std::size_t bit = 0; bit < one.size(); ++bit) {
    most = std::max(most, std::abs(one[bit] - other[bit]));
  }
  return most / std::sqrt(rounds * 0.5);
}

/// Some thousand bits are compared: seven deviations are there by chance once in a hundred million.
constexpr double too_much = 7;

void tell_nothing(const Statement& statement) {
  constexpr int rounds = 128;
  const auto simulated = counted(rounds, statement.simulated, true);
  EXPECT_LT(difference(counted(rounds, statement.proven, false), simulated, rounds), too_much);
  // And the comparison sees a prover who takes the same blindings each time.
  const auto careless = counted(rounds, statement.proven, false, [same = any()] { return same; });
  EXPECT_GT(difference(careless, simulated, rounds), too_much);
}

/// Commitments to bits that add up to `above`, made by who knows none of them.
std::vector<P256Point> bits_of_nothing(const P256Point& above, std::uint64_t limit) {
  const auto bases = bases_of(limit);
  std::vector<P256Point> bits;
  P256Point left = above;
  for (std::size_t i = 0; i + 1 < bases.size(); ++i) {
    bits.push_back(any() * blinding_generator());
    left = left - P256Scalar(bases[i]) * bits.back();
  }
  bits.push_back(P256Scalar(bases.back()).inverse() * left);
  EXPECT_TRUE(adds_up(bits, above, limit));
  return bits;
}

Statement range_statement(std::uint64_t value, std::uint64_t limit) {
  const Opening opening{P256Scalar(value), any()};
  const P256Point above = commit(opening);
  return {[=] {
            RandomScalars random;
            const RangeProver range = split(value, opening.blinding, limit, random).value();
            return Instance{range.bit_commitments, threshold_relation(above, range.bit_commitments),
                            range.secrets};
          },
          [=] {
            const auto bits = bits_of_nothing(above, limit);
            return Instance{bits, threshold_relation(above, bits), {}};
          }};
}

Statement sum_statement(const std::vector<std::pair<int, std::uint64_t>>& parts) {
  std::vector<Summand> summands;
  P256Scalar total;
  P256Scalar blinding;
  for (const auto& [times, number] : parts) {
    const P256Scalar factor = times < 0 ? -P256Scalar(static_cast<std::uint64_t>(-times))
                                        : P256Scalar(static_cast<std::uint64_t>(times));
    const Opening opening{P256Scalar(number), any()};
    summands.push_back({factor, commit(opening)});
    total = total + factor * opening.value;
    blinding = blinding + factor * opening.blinding;
  }
  return {[=] { return Instance{{}, sum_relation(summands, total), {blinding}}; },
          [=] { return Instance{{}, sum_relation(summands, total), {}}; }};
}

TEST(StatementSimulation, OfAThresholdCannotBeTold) { tell_nothing(range_statement(5, 8)); }

TEST(StatementSimulation, OfOneBitCannotBeTold) {
  tell_nothing(range_statement(0, 2));
  tell_nothing(range_statement(1, 2));
}

TEST(StatementSimulation, OfARangeThatIsNoPowerOfTwoCannotBeTold) {
  tell_nothing(range_statement(4, 6));
}

TEST(StatementSimulation, OfEqualityCannotBeTold) {
  tell_nothing(sum_statement({{1, 9}, {-1, 9}}));
}

TEST(StatementSimulation, OfASumCannotBeTold) {
  tell_nothing(sum_statement({{1, 10}, {2, 32}, {-3, 5}}));
}

// Who simulates has to know the challenge beforehand: the proofs that are sent have one that is a
// hash, and no conversation of his passes for one.
TEST(StatementSimulation, IsNoProof) {
  RandomScalars random;
  const Opening opening{P256Scalar(5), any()};
  const P256Point above = commit(opening);
  const Threshold threshold{0, 4};
  const auto bits = bits_of_nothing(above, 16);
  const Conversation said = simulate(threshold_relation(above, bits), any(), random).value();
  const Instance instance{bits, threshold_relation(above, bits), {}};
  Bytes proof;
  for (const P256Point& bit : bits) {
    const auto encoded = bit.encode().value();
    proof.insert(proof.end(), encoded.view().begin(), encoded.view().end());
  }
  std::vector<P256Scalar> scalars{said.challenge};
  scalars.insert(scalars.end(), said.responses.begin(), said.responses.end());
  for (const P256Scalar& each : scalars) {
    const auto encoded = each.encode();
    proof.insert(proof.end(), encoded.view().begin(), encoded.view().end());
  }
  ASSERT_EQ(proof.size(), threshold.proof_size());
  EXPECT_TRUE(verify_conversation(instance.relation, said));
  EXPECT_FALSE(verify_threshold(threshold, above, {}, proof));
}

}  // namespace
}  // namespace merlon::zk
