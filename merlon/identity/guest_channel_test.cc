#include "merlon/identity/guest_channel.h"

#include <gtest/gtest.h>

#include "merlon/identity/testing/security_processor.h"

namespace merlon::identity {
namespace {

using core::ErrorCode;
using snp::MessageType;
using testing::busy;
using testing::Bytes;
using testing::honest;
using testing::Host;
using testing::Hostile;
using testing::Processor;
using testing::test_key;

Bytes request(std::uint8_t with = 0) {
  snp::ReportRequest made;
  made.report_data = snp::ReportData::from(Bytes(64, with)).value();
  return made.bytes();
}

core::Result<Bytes> ask(GuestChannel& channel, std::uint8_t with = 0) {
  return channel.ask(MessageType::ReportRequest, request(with));
}

TEST(GuestChannel, AsksAgainAndAgain) {
  Host host(honest);
  GuestChannel channel(test_key(), 0, host);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(ask(channel).has_value());
  EXPECT_EQ(host.repeated_nonces(), 0U);
}

TEST(GuestChannel, ABusyHostIsAskedWithTheSameMessage) {
  int refusals = 2;
  Host host([&](Processor& processor, core::ByteView sealed) -> core::Result<Bytes> {
    if (refusals-- > 0) return busy();
    return honest(processor, sealed);
  });
  GuestChannel channel(test_key(), 0, host);
  EXPECT_TRUE(ask(channel).has_value());
  EXPECT_EQ(host.pauses, 2U);
  EXPECT_EQ(host.repeated_nonces(), 0U);
}

TEST(GuestChannel, AHostThatStaysBusyCostsTheRequestAndNotTheChannel) {
  bool is_busy = true;
  Host host([&](Processor& processor, core::ByteView sealed) -> core::Result<Bytes> {
    if (is_busy) return busy();
    return honest(processor, sealed);
  });
  GuestChannel channel(test_key(), 0, host);
  EXPECT_EQ(ask(channel, 1).error().code, ErrorCode::Unavailable);
  EXPECT_EQ(ask(channel, 2).error().code, ErrorCode::Unavailable);
  is_busy = false;
  const auto answer = ask(channel, 3);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ((*answer)[32 + 0x50], 3) << "the answer to this request, not to one before";
  EXPECT_EQ(host.repeated_nonces(), 0U);
}

TEST(GuestChannel, AnySpoiltAnswerEndsIt) {
  std::size_t bits = 0;
  for (std::size_t bit = 0; bit == 0 || bit < bits; bit += 7) {
    Host host([&](Processor& processor, core::ByteView sealed) {
      Bytes answer = honest(processor, sealed).value();
      bits = answer.size() * 8;
      answer[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
      return answer;
    });
    GuestChannel channel(test_key(), 0, host);
    EXPECT_EQ(ask(channel).error().code, ErrorCode::Denied) << bit;
    EXPECT_TRUE(channel.has_ended());
    EXPECT_EQ(ask(channel).error().code, ErrorCode::Denied);
  }
}

TEST(GuestChannel, AnAnswerOfBeforeEndsIt) {
  Bytes first;
  Host host([&](Processor& processor, core::ByteView sealed) {
    Bytes answer = honest(processor, sealed).value();
    if (first.empty()) first = answer;
    return first;
  });
  GuestChannel channel(test_key(), 0, host);
  EXPECT_TRUE(ask(channel).has_value());
  EXPECT_FALSE(ask(channel).has_value());
  EXPECT_TRUE(channel.has_ended());
}

TEST(GuestChannel, ItsOwnMessageIsNoAnswer) {
  Host host([](Processor&, core::ByteView sealed) { return Bytes(sealed.begin(), sealed.end()); });
  GuestChannel channel(test_key(), 0, host);
  EXPECT_FALSE(ask(channel).has_value());
  EXPECT_TRUE(channel.has_ended());
}

TEST(GuestChannel, AnAnswerOfAnotherTypeOrKeyEndsIt) {
  for (const bool other_type : {true, false}) {
    Host host([&](Processor&, core::ByteView) {
      return snp::seal(test_key(),
                       {other_type ? MessageType::KeyResponse : MessageType::ReportResponse, 2,
                        static_cast<std::uint8_t>(other_type ? 0 : 1), Bytes(64)});
    });
    GuestChannel channel(test_key(), 0, host);
    EXPECT_FALSE(ask(channel).has_value());
    EXPECT_TRUE(channel.has_ended());
  }
}

TEST(GuestChannel, TooLongARequestIsNotSent) {
  Host host(honest);
  GuestChannel channel(test_key(), 0, host);
  EXPECT_FALSE(
      channel.ask(MessageType::ReportRequest, Bytes(snp::max_message_payload + 1)).has_value());
}

TEST(GuestChannel, NothingThatAHostDoesRepeatsANonceOrMovesAnAnswer) {
  constexpr std::uint64_t cases = 100'000;
  std::size_t good = 0;
  for (std::uint64_t seed = 0; seed < cases; ++seed) {
    Hostile hostile(seed);
    Host host(std::ref(hostile));
    GuestChannel channel(test_key(), 0, host);
    for (std::uint8_t with = 1; with < 5 && !channel.has_ended(); ++with) {
      const auto answer = ask(channel, with);
      if (!answer) continue;
      ++good;
      ASSERT_EQ((*answer)[32 + 0x50], with) << seed;
    }
    ASSERT_EQ(host.repeated_nonces(), 0U) << seed;
  }
  EXPECT_GT(good, cases / 4);
}

}  // namespace
}  // namespace merlon::identity
