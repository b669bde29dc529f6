#include "merlon/release/claim.h"

#include <gtest/gtest.h>

#include "merlon/delivery/sealed.h"
#include "merlon/release/deposit.h"

namespace merlon::release {
namespace {

using core::ErrorCode;
using Bytes = std::vector<std::uint8_t>;

Claim claim() {
  Claim made;
  made.token = Token::from(Bytes(Token::size, 4)).value();
  made.proof.evidence = Bytes(1184, 1);
  made.proof.hpke_key = Bytes(32, 2);
  return made;
}

TEST(ReleaseClaim, IsReadAsItWasWritten) {
  const Bytes bytes = encode(claim()).value();
  const auto read = decode_claim(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->token, claim().token);
  EXPECT_EQ(read->proof, claim().proof);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_claim(core::ByteView(bytes).first(size))) << size;
  }
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(decode_claim(longer));
  EXPECT_EQ(decode_claim(Bytes(max_claim_size + 1)).error().code, ErrorCode::Exhausted);
}

TEST(ReleaseClaim, SaysThatAKeepHadNoProof) {
  Bytes bytes = encode(claim()).value();
  bytes.resize(8 + Token::size);
  const Bytes none = launch::encode(launch::ProofAnswer{{}, "no processor"}).value();
  bytes.insert(bytes.end(), none.begin(), none.end());
  EXPECT_EQ(decode_claim(bytes).error().code, ErrorCode::NotFound);
}

TEST(ReleaseAnswer, IsReadAsItWasWritten) {
  for (const bool heard : {false, true}) {
    Answer answer{Bytes(100, 1), Bytes(50, 2)};
    if (heard) {
      answer.hearing = Hearing{crypto::SecretBytes(Bytes(32, 3)),
                               crypto::Sha256Digest::from(Bytes(32, 4)).value()};
    }
    const Bytes bytes = encode(answer);
    const auto read = decode_answer(bytes);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->delivery, answer.delivery);
    EXPECT_EQ(read->words, answer.words);
    EXPECT_EQ(read->hearing.has_value(), heard);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(decode_answer(core::ByteView(bytes).first(size))) << size;
    }
  }
}

TEST(ReleaseAnswer, IsHandedOverWhereAKeepWouldReadAllOfIt) {
  const auto challenge =
      delivery::Challenge::make(crypto::PrivateKey::generate(crypto::KeyKind::P256).value())
          .value();
  const Bytes evidence(1184, 1);
  const auto keep = crypto::X25519Key::generate().value();
  delivery::Workload workload;
  workload.message.program = "main.wasm";
  workload.module = {0, 'a', 's', 'm', 1, 0, 0, 0};
  const auto sealed = delivery::seal(challenge, evidence, keep.public_key(), workload).value();
  Answer answer{sealed.bytes, Bytes(max_input + 4096, 2)};
  EXPECT_TRUE(is_deliverable(answer));
  answer.words.push_back(2);
  EXPECT_FALSE(is_deliverable(answer)) << "more than a broker says";
  answer.words.clear();
  EXPECT_TRUE(is_deliverable(answer));
  answer.delivery.push_back(0);
  EXPECT_FALSE(is_deliverable(answer)) << "bytes behind the delivery";
  EXPECT_FALSE(is_deliverable(Answer()));
}

}  // namespace
}  // namespace merlon::release
