#include "merlon/zk/proof.h"

#include <fstream>
#include <map>

#include <gtest/gtest.h>

#include "merlon/zk/commitment.h"
#include "merlon/zk/testing/vectors.h"

namespace merlon::zk {
namespace {

using codec::JsonValue;
using testing::bytes;
using testing::text;

bool accepts(std::string_view flavor, std::string_view tag, core::ByteView instance,
             core::ByteView proof) {
  const auto relation = LinearRelation::parse(instance);
  if (!relation) return false;
  const ProofUse use{Transcript::SigmaProofs, std::string(tag)};
  return flavor == "batchable" ? verify_batchable(use, *relation, proof).has_value()
                               : verify_compact(use, *relation, proof).has_value();
}

std::vector<P256Scalar> scalars_of(core::ByteView all) {
  std::vector<P256Scalar> scalars;
  for (std::size_t at = 0; at < all.size(); at += P256Scalar::size) {
    scalars.push_back(P256Scalar::decode(all.subspan(at, P256Scalar::size)).value());
  }
  return scalars;
}

// [SIGMA §test-vectors]
TEST(Proof, IsThatOfTheVectors) {
  MERLON_NEEDS_VECTORS();
  const auto vectors = testing::vectors_of("sigma-proofs_Shake128_P256.json");
  EXPECT_EQ(vectors.root().items().size(), 14U);
  for (const JsonValue& record : vectors.root().items()) {
    SCOPED_TRACE(std::string(text(record, "Id")));
    const auto relation = LinearRelation::parse(bytes(record, "Instance")).value();
    ASSERT_TRUE(relation.validate());
    const auto witness = scalars_of(bytes(record, "Witness"));
    EXPECT_EQ(relation.map(witness), relation.image());
    const bool is_batchable = text(record, "Flavor") == "batchable";
    testing::SeededScalars blindings(
        base::concat("TestDRNG-SIGMA-PROOFS-", is_batchable ? "DSFS-" : "CMPT-",
                     text(record, "Ciphersuite"), "-", text(record, "Relation")));
    const ProofUse use{Transcript::SigmaProofs, std::string(text(record, "Tag"))};
    const auto proof = is_batchable ? prove_batchable(use, relation, witness, blindings)
                                    : prove_compact(use, relation, witness, blindings);
    EXPECT_EQ(base::hex(proof.value()), text(record, "NargString"));
    EXPECT_TRUE(accepts(text(record, "Flavor"), text(record, "Tag"), bytes(record, "Instance"),
                        bytes(record, "NargString")));
  }
}

// The vectors of proofs that are to be refused, from the same place; four of them are the good ones
// that others were made of.
TEST(Proof, ThatIsToBeRefusedIs) {
  std::ifstream file("merlon/zk/testing/invalid_proofs.json");
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  const auto vectors = codec::JsonDocument::parse(content).value();
  std::map<std::string, int, std::less<>> seen;
  for (const JsonValue& record : vectors.root().items()) {
    const bool is_accepted = accepts(text(record, "flavor"), text(record, "tag"),
                                     bytes(record, "instance"), bytes(record, "proof"));
    EXPECT_EQ(is_accepted, text(record, "expected") == "accept") << text(record, "id");
    ++seen[std::string(text(record, "expected"))];
  }
  EXPECT_EQ(seen["reject"], 29);
  EXPECT_EQ(seen["accept"], 4);
}

LinearRelation opening_relation(const P256Point& commitment) {
  LinearRelation relation;
  const Secret value = relation.add_secret();
  const Secret blinding = relation.add_secret();
  const Element h = relation.add_element(blinding_generator());
  relation.add_equation(relation.add_element(commitment),
                        {{value, Element::Generator}, {blinding, h}});
  return relation;
}

TEST(Proof, OfOneUseProvesNothingInAnother) {
  RandomScalars random;
  const Opening opening{P256Scalar(7), P256Scalar::random().value()};
  const auto relation = opening_relation(commit(opening));
  const std::array secrets{opening.value, opening.blinding};
  for (const auto transcript : {Transcript::SigmaProofs, Transcript::Draft01}) {
    const ProofUse use{transcript, "one"};
    const auto proof = prove_compact(use, relation, secrets, random).value();
    EXPECT_TRUE(verify_compact(use, relation, proof));
    EXPECT_FALSE(verify_compact({transcript, "other"}, relation, proof));
    const auto other =
        transcript == Transcript::Draft01 ? Transcript::SigmaProofs : Transcript::Draft01;
    EXPECT_FALSE(verify_compact({other, "one"}, relation, proof));
    const auto wide = prove_batchable(use, relation, secrets, random).value();
    EXPECT_TRUE(verify_batchable(use, relation, wide));
    EXPECT_FALSE(verify_batchable({transcript, "other"}, relation, wide));
    for (std::size_t i = 0; i < proof.size(); ++i) {
      auto altered = proof;
      altered[i] ^= 1U;
      EXPECT_FALSE(verify_compact(use, relation, altered)) << i;
    }
  }
}

TEST(Proof, OfWhatIsNotSoDoesNotHold) {
  RandomScalars random;
  const Opening opening{P256Scalar(7), P256Scalar::random().value()};
  const auto relation = opening_relation(commit(opening));
  const ProofUse use{Transcript::SigmaProofs, "one"};
  const auto proof =
      prove_compact(use, relation, std::array{P256Scalar(8), opening.blinding}, random).value();
  EXPECT_EQ(verify_compact(use, relation, proof).error().code, core::ErrorCode::Denied);
}

TEST(Proof, WantsRandomNumbers) {
  testing::FewScalars few(1);
  const auto relation = opening_relation(commit({P256Scalar(7), P256Scalar(9)}));
  const auto proof = prove_compact({Transcript::SigmaProofs, "one"}, relation,
                                   std::array{P256Scalar(7), P256Scalar(9)}, few);
  EXPECT_EQ(proof.error().code, core::ErrorCode::Internal);
  EXPECT_FALSE(simulate(relation, P256Scalar(3), few));
}

// Zero knowledge: who knows the challenge beforehand needs no secret, and what he says has the same
// distribution. Both kinds are accepted for a challenge that the test chooses; each bit of what is
// said is set about as often in one as in the other.
TEST(Proof, CanBeSimulatedWithoutTheSecret) {
  constexpr int rounds = 400;
  RandomScalars random;
  const Opening opening{P256Scalar(1), P256Scalar::random().value()};
  const auto relation = opening_relation(commit(opening));
  std::array<std::array<int, 8 * 97>, 2> ones{};
  for (int round = 0; round < rounds; ++round) {
    const P256Scalar challenge = P256Scalar::random().value();
    const std::array blindings{P256Scalar::random().value(), P256Scalar::random().value()};
    const Conversation genuine{
        relation.map(blindings),
        challenge,
        {blindings[0] + challenge * opening.value, blindings[1] + challenge * opening.blinding}};
    const Conversation made = simulate(relation, challenge, random).value();
    int kind = 0;
    for (const Conversation* said : {&genuine, &made}) {
      ASSERT_TRUE(verify_conversation(relation, *said));
      std::vector<std::uint8_t> bytes;
      const auto commitment = said->commitments[0].encode().value();
      bytes.insert(bytes.end(), commitment.view().begin(), commitment.view().end());
      for (const P256Scalar& response : said->responses) {
        const auto encoded = response.encode();
        bytes.insert(bytes.end(), encoded.view().begin(), encoded.view().end());
      }
      for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
        ones[static_cast<std::size_t>(kind)][bit] += (bytes[bit / 8] >> (bit % 8)) & 1;
      }
      ++kind;
    }
  }
  int constant = 0;
  for (std::size_t bit = 0; bit < ones[0].size(); ++bit) {
    // Six standard deviations of the difference of two such counts: once in a billion.
    EXPECT_LT(std::abs(ones[0][bit] - ones[1][bit]), 6 * 15) << bit;
    constant += (ones[0][bit] == 0 || ones[0][bit] == rounds) ? 1 : 0;
  }
  EXPECT_EQ(constant, 7) << "only the prefix of the point is always the same, but for its last bit";
}

TEST(Proof, WithAnotherConversationsPartIsRefused) {
  RandomScalars random;
  const auto relation = opening_relation(commit({P256Scalar(7), P256Scalar(9)}));
  auto made = simulate(relation, P256Scalar(3), random).value();
  EXPECT_TRUE(verify_conversation(relation, made));
  made.challenge = P256Scalar(4);
  EXPECT_FALSE(verify_conversation(relation, made));
  made.challenge = P256Scalar(3);
  made.responses.pop_back();
  EXPECT_FALSE(verify_conversation(relation, made));
}

}  // namespace
}  // namespace merlon::zk
