#include "merlon/launch/proof.h"

#include <gtest/gtest.h>

#include "merlon/os/channel.h"

namespace merlon::launch {
namespace {

ProofAnswer some_proof() { return {{{1, 2}, {}, {3}, {4, 5, 6}, {7}}, ""}; }

constexpr std::size_t head_size = 12;

TEST(Proof, IsReadAsItWasWritten) {
  for (const ProofAnswer& answer : {some_proof(), ProofAnswer{{}, "nothing attests this keep"}}) {
    const auto bytes = encode(answer);
    ASSERT_TRUE(bytes.has_value());
    const auto read = decode_proof(core::ByteView(*bytes).subspan(head_size));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->proof, answer.proof);
    EXPECT_EQ(read->refusal, answer.refusal);
  }
}

TEST(Proof, EveryPrefixAndEveryTailIsRefused) {
  auto bytes = encode(some_proof()).value();
  const auto body = [&] { return core::ByteView(bytes).subspan(head_size); };
  for (std::size_t size = 0; size < body().size(); ++size) {
    EXPECT_FALSE(decode_proof(body().first(size)).has_value()) << size;
  }
  bytes.push_back(0);
  EXPECT_FALSE(decode_proof(body()).has_value());
}

TEST(Proof, ThatIsNoneHasAReason) {
  const std::vector<std::uint8_t> none{0, 0, 0, 0, 0};
  EXPECT_FALSE(decode_proof(none).has_value());
  const std::vector<std::uint8_t> neither{2, 0, 0, 0, 0};
  EXPECT_FALSE(decode_proof(neither).has_value());
}

class ProofChannel : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = os::open_channel();
    ASSERT_TRUE(opened);
    channel_ = *std::move(opened);
  }
  core::ErrorCode heard_of(std::vector<std::uint8_t> bytes) {
    EXPECT_TRUE(os::send_with_descriptors(channel_.there, bytes, {}));
    channel_.there.close();
    return receive_proof(channel_.here).error().code;
  }
  os::Channel channel_;
};

TEST_F(ProofChannel, CarriesAProof) {
  ASSERT_TRUE(send(channel_.there, some_proof()));
  const auto heard = receive_proof(channel_.here);
  ASSERT_TRUE(heard.has_value());
  EXPECT_EQ(heard->proof, some_proof().proof);
}

TEST_F(ProofChannel, AKeepThatEndsIsUnavailable) {
  channel_.there.close();
  EXPECT_EQ(receive_proof(channel_.here).error().code, core::ErrorCode::Unavailable);
}

TEST_F(ProofChannel, AnotherMagicIsMalformed) {
  auto bytes = encode(some_proof()).value();
  bytes[0] = 'm';
  EXPECT_EQ(heard_of(bytes), core::ErrorCode::Malformed);
}

TEST_F(ProofChannel, HalfAProofIsMalformed) {
  auto bytes = encode(some_proof()).value();
  bytes.pop_back();
  EXPECT_EQ(heard_of(bytes), core::ErrorCode::Malformed);
}

TEST_F(ProofChannel, AnUnbelievableSizeIsExhausted) {
  auto bytes = encode(some_proof()).value();
  bytes[11] = 0x7f;
  EXPECT_EQ(heard_of(bytes), core::ErrorCode::Exhausted);
}

TEST_F(ProofChannel, TooMuchIsNotSent) {
  ProofAnswer answer = some_proof();
  answer.proof.certificates.resize(max_proof_size);
  EXPECT_FALSE(send(channel_.there, answer));
}

}  // namespace
}  // namespace merlon::launch
