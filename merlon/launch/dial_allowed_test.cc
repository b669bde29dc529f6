#include "merlon/launch/dial_allowed.h"

#include <gtest/gtest.h>

#include "merlon/os/channel.h"
#include "merlon/os/process.h"

namespace merlon::launch {
namespace {

class DialAllowed : public ::testing::Test {
 protected:
  void say(const std::vector<std::uint8_t>& bytes, std::size_t descriptors) {
    const std::vector<os::BorrowedFd> all(descriptors, os::BorrowedFd(channel_.there));
    ASSERT_TRUE(os::send_with_descriptors(channel_.there, bytes, all));
  }

  os::Channel channel_ = os::open_channel().value();
};

TEST_F(DialAllowed, QuestionsAndAnswersArriveInAnyOrder) {
  ASSERT_TRUE(ask(channel_.here, {7, 2}));
  ASSERT_TRUE(ask(channel_.here, {8, 513}));
  const auto first = receive_question(channel_.there);
  const auto second = receive_question(channel_.there);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->id, 7U);
  EXPECT_EQ(second->place, 513U);
  ASSERT_TRUE(answer(channel_.there, 8, DialOutcome::Refused, std::nullopt));
  ASSERT_TRUE(answer(channel_.there, 7, DialOutcome::Connected, channel_.there));
  const auto refused = receive_answer(channel_.here);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->id, 8U);
  EXPECT_EQ(refused->outcome, DialOutcome::Refused);
  EXPECT_FALSE(refused->connection.is_open());
  const auto connected = receive_answer(channel_.here);
  ASSERT_TRUE(connected);
  EXPECT_EQ(connected->id, 7U);
  EXPECT_TRUE(connected->connection.is_open());
}

TEST_F(DialAllowed, EveryOtherAnswerIsRefused) {
  const auto code = [&] { return receive_answer(channel_.here).error().code; };
  say({1, 0, 0, 0, 0, 0, 0, 0}, 0);  // connected, and nothing to it
  EXPECT_EQ(code(), core::ErrorCode::Malformed);
  say({1, 0, 0, 0, 0, 0, 0, 0}, 2);
  EXPECT_EQ(code(), core::ErrorCode::Malformed);
  say({1, 0, 0, 0, 1, 0, 0, 0}, 1);  // refused, with a connection
  EXPECT_EQ(code(), core::ErrorCode::Malformed);
  say({1, 0, 0, 0, 6, 0, 0, 0}, 0);
  EXPECT_EQ(code(), core::ErrorCode::Malformed);
  for (std::size_t i = 5; i < 8; ++i) {
    std::vector<std::uint8_t> bytes{1, 0, 0, 0, 1, 0, 0, 0};
    bytes[i] = 1;
    say(bytes, 0);
    EXPECT_EQ(code(), core::ErrorCode::Malformed) << i;
  }
  say({1, 0, 0}, 0);
  EXPECT_EQ(code(), core::ErrorCode::Malformed);
  channel_.there.close();
  EXPECT_EQ(code(), core::ErrorCode::Unavailable);
}

TEST_F(DialAllowed, TheOtherSideEndsWithTheKeep) {
  ASSERT_TRUE(os::send_with_descriptors(channel_.here,
                                        std::array<std::uint8_t, 8>{1, 0, 0, 0, 0, 0, 1, 0}, {}));
  EXPECT_FALSE(receive_question(channel_.there));
  os::ignore_broken_pipes();
  channel_.here.close();
  EXPECT_FALSE(receive_question(channel_.there));
  EXPECT_FALSE(answer(channel_.there, 1, DialOutcome::Failed, std::nullopt));
  EXPECT_FALSE(ask(channel_.there, {1, 1}));
}

}  // namespace
}  // namespace merlon::launch
