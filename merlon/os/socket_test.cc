#include "merlon/os/socket.h"

#include <array>
#include <string>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "merlon/os/poll.h"
#include "merlon/os/testing/scratch.h"

namespace merlon::os {
namespace {

::iovec vector_of(std::string& text) { return {text.data(), text.size()}; }

void wait_readable(BorrowedFd fd) {
  std::array items{PollItem{fd.number(), POLLIN, 0}};
  EXPECT_EQ(poll(items, std::chrono::seconds(5)).value(), 1U);
}

class Socket : public ::testing::Test {
 protected:
  void SetUp() override {
    listener_ = listen_tcp("127.0.0.1", 0).value();
    client_ = connect_tcp("127.0.0.1", local_port(listener_).value()).value();
    wait_readable(listener_);
    server_ = accept(listener_).value();
  }
  Fd listener_;
  Fd client_;
  Fd server_;
};

TEST_F(Socket, KnowsListenersFromConnections) {
  EXPECT_TRUE(socket_info(listener_).value().listening);
  EXPECT_FALSE(socket_info(client_).value().listening);
  EXPECT_EQ(socket_info(client_).value().kind, SocketKind::Stream);
  const testing::ScratchDirectory scratch;
  EXPECT_EQ(socket_info(scratch.fd()).error(), Errno::Notsock);
}

TEST_F(Socket, NothingWaits) {
  std::string text(4, ' ');
  const std::array into{vector_of(text)};
  EXPECT_EQ(receive(server_, into).error(), Errno::Again);
  EXPECT_EQ(accept(listener_).error(), Errno::Again);
}

TEST_F(Socket, PeekLeavesTheBytesInPlace) {
  std::string sent = "ping";
  const std::array from{vector_of(sent)};
  EXPECT_EQ(send(client_, from).value(), 4U);
  wait_readable(server_);
  std::string text(4, ' ');
  const std::array into{vector_of(text)};
  EXPECT_EQ(receive(server_, into, {.peek = true}).value().size, 4U);
  EXPECT_EQ(receive(server_, into).value().size, 4U);
  EXPECT_EQ(text, "ping");
}

TEST_F(Socket, ShutDownEndsTheOtherSidesReading) {
  ASSERT_TRUE(shut_down(client_, false, true).has_value());
  wait_readable(server_);
  std::string text(4, ' ');
  const std::array into{vector_of(text)};
  EXPECT_EQ(receive(server_, into).value().size, 0U);
  EXPECT_EQ(shut_down(client_, false, false).error(), Errno::Inval);
}

TEST_F(Socket, SendingToAClosedPeerSaysPipeAndRaisesNothing) {
  server_.close();
  std::string sent = "ping";
  const std::array from{vector_of(sent)};
  Errno last = Errno::Again;
  for (int i = 0; i < 1000 && last != Errno::Pipe && last != Errno::Connreset; ++i) {
    const Result<std::size_t> result = send(client_, from);
    if (!result.has_value()) last = result.error();
    ::usleep(1000);
  }
  EXPECT_TRUE(last == Errno::Pipe || last == Errno::Connreset);
}

TEST(SocketAddress, OnlyNumbersNoNames) {
  EXPECT_EQ(listen_tcp("localhost", 0).error(), Errno::Inval);
  EXPECT_EQ(connect_tcp("", 80).error(), Errno::Inval);
  EXPECT_EQ(connect_tcp(std::string(200, '1'), 80).error(), Errno::Inval);
}

TEST(SocketAddress, ADatagramThatDoesNotFitSaysSo) {
  std::array<int, 2> pair{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  const Fd one = Fd::adopt(pair[0]);
  const Fd two = Fd::adopt(pair[1]);
  std::string sent = "12345";
  const std::array from{vector_of(sent)};
  ASSERT_EQ(send(one, from).value(), 5U);
  std::string text(3, ' ');
  const std::array into{vector_of(text)};
  const Received got = receive(two, into).value();
  EXPECT_EQ(got.size, 3U);
  EXPECT_TRUE(got.truncated);
}

TEST_F(Socket, AsksAfterAPeerThatIsSilent) {
  const auto listener = listen_tcp("127.0.0.1", 0);
  ASSERT_TRUE(listener);
  const auto client =
      connect_tcp_watching("127.0.0.1", local_port(*listener).value(), std::chrono::seconds(30));
  ASSERT_TRUE(client);
  const auto option = [&](int level, int name) {
    int value = -1;
    ::socklen_t size = sizeof(value);
    EXPECT_EQ(::getsockopt(client->number(), level, name, &value, &size), 0);
    return value;
  };
  EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPIDLE) +
                (option(IPPROTO_TCP, TCP_KEEPINTVL) * option(IPPROTO_TCP, TCP_KEEPCNT)),
            30);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_USER_TIMEOUT), 30'000);
  EXPECT_EQ(connect_tcp_watching("nobody", 1, std::chrono::seconds(30)).error(), Errno::Inval);
  EXPECT_FALSE(connect_tcp_watching("127.0.0.1", 0, std::chrono::seconds(30)));
}

TEST_F(Socket, SendsWithoutDelayAndSoDoThoseThatItAccepts) {
  const auto listener = listen_tcp("127.0.0.1", 0);
  ASSERT_TRUE(listener);
  ASSERT_TRUE(send_without_delay(*listener));
  const auto client = connect_tcp("127.0.0.1", local_port(*listener).value());
  ASSERT_TRUE(client);
  const auto accepted = accept(*listener);
  ASSERT_TRUE(accepted);
  int on = 0;
  ::socklen_t size = sizeof(on);
  ASSERT_EQ(::getsockopt(accepted->number(), IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
  EXPECT_NE(on, 0);
  EXPECT_FALSE(send_without_delay(BorrowedFd(-1)));
}

}  // namespace
}  // namespace merlon::os
