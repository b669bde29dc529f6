#include "merlon/launch/dial.h"

#include <gtest/gtest.h>

#include "merlon/os/channel.h"
#include "merlon/os/socket.h"

namespace merlon::launch {
namespace {

class Dial : public ::testing::Test {
 protected:
  std::string answer() {
    const auto got = receive_connection(channel_.here);
    return got ? "connection" : got.error();
  }
  void say(const std::vector<std::uint8_t>& bytes, std::size_t descriptors) {
    const std::vector<os::BorrowedFd> all(descriptors, os::BorrowedFd(channel_.there));
    ASSERT_TRUE(os::send_with_descriptors(channel_.there, bytes, all));
  }

  os::Channel channel_ = os::open_channel().value();
};

TEST_F(Dial, HandsAConnectionOver) {
  ASSERT_TRUE(ask_for_connection(channel_.here));
  EXPECT_TRUE(is_asked_for_connection(channel_.there));
  const auto listener = os::listen_tcp("127.0.0.1", 0);
  ASSERT_TRUE(listener);
  const auto connected = os::connect_tcp("127.0.0.1", os::local_port(*listener).value());
  ASSERT_TRUE(connected);
  ASSERT_TRUE(send_connection(channel_.there, *connected));
  EXPECT_EQ(answer(), "connection");
}

TEST_F(Dial, SaysWhyThereIsNone) {
  ASSERT_TRUE(refuse_connection(channel_.there, "Connection refused"));
  EXPECT_EQ(answer(), "Connection refused");
  ASSERT_TRUE(refuse_connection(channel_.there, std::string(5000, 'x')));
  EXPECT_EQ(answer(), std::string(max_dial_text, 'x'));
  ASSERT_TRUE(refuse_connection(channel_.there, "a\x1b[31mb"));
  EXPECT_EQ(answer().find('\x1b'), std::string::npos);
}

TEST_F(Dial, TellsThatNoReasonIsGiven) {
  say({1}, 0);
  EXPECT_EQ(answer(), "the host does not say why");
}

TEST_F(Dial, RefusesEveryOtherAnswer) {
  constexpr const char* none = "the host answers with what is no connection";
  say({0}, 0);
  EXPECT_EQ(answer(), none);
  say({0}, 2);
  EXPECT_EQ(answer(), none);
  say({0, 'x'}, 1);
  EXPECT_EQ(answer(), none);
  say({1, 'x'}, 1);
  EXPECT_EQ(answer(), none);
  say({2}, 1);
  EXPECT_EQ(answer(), none);
  channel_.there.close();
  EXPECT_EQ(answer(), "the host connects nobody any more");
}

TEST_F(Dial, EndsWithTheKeep) {
  channel_.here.close();
  EXPECT_FALSE(is_asked_for_connection(channel_.there));
}

}  // namespace
}  // namespace merlon::launch
