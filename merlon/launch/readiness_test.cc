#include "merlon/launch/readiness.h"

#include <array>

#include <gtest/gtest.h>

#include "merlon/os/channel.h"

namespace merlon::launch {
namespace {

class ReadinessChannel : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = os::open_channel();
    ASSERT_TRUE(opened);
    channel_ = *std::move(opened);
  }
  os::Channel channel_;
};

TEST_F(ReadinessChannel, WhatIsSaidIsHeard) {
  for (const bool ready : {true, false}) {
    for (const std::string& text : {std::string(), std::string("why"), std::string(255, 'x')}) {
      ASSERT_TRUE(send(channel_.there, Readiness{ready, text}));
      const auto heard = receive_readiness(channel_.here);
      ASSERT_TRUE(heard);
      EXPECT_EQ(heard->ready, ready);
      EXPECT_EQ(heard->text, text);
    }
  }
}

TEST_F(ReadinessChannel, ALongTextIsCut) {
  ASSERT_TRUE(send(channel_.there, Readiness{false, std::string(1000, 'x')}));
  const auto heard = receive_readiness(channel_.here);
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->text, std::string(255, 'x'));
}

TEST_F(ReadinessChannel, ProcessesThatEndAreUnavailable) {
  channel_.there.close();
  const auto heard = receive_readiness(channel_.here);
  ASSERT_FALSE(heard);
  EXPECT_EQ(heard.error().code, core::ErrorCode::Unavailable);
}

TEST_F(ReadinessChannel, HalfAWordIsNoWord) {
  const std::array<std::uint8_t, 3> half{2, 9, 'w'};
  ASSERT_TRUE(os::send_with_descriptors(channel_.there, half, {}));
  channel_.there.close();
  EXPECT_FALSE(receive_readiness(channel_.here));
}

TEST_F(ReadinessChannel, AnythingElseIsMalformed) {
  const std::array<std::uint8_t, 2> other{0, 0};
  ASSERT_TRUE(os::send_with_descriptors(channel_.there, other, {}));
  const auto heard = receive_readiness(channel_.here);
  ASSERT_FALSE(heard);
  EXPECT_EQ(heard.error().code, core::ErrorCode::Malformed);
}

TEST_F(ReadinessChannel, WhoMayBeginIsTold) {
  ASSERT_TRUE(send_begin(channel_.there));
  EXPECT_TRUE(receive_begin(channel_.here));
  ASSERT_TRUE(send(channel_.there, Readiness{false, ""}));
  EXPECT_EQ(receive_begin(channel_.here).error().code, core::ErrorCode::Malformed);
  channel_.there.close();
  EXPECT_FALSE(receive_begin(channel_.here));
}

}  // namespace
}  // namespace merlon::launch
