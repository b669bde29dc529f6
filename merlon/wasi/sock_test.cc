#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "merlon/os/poll.h"
#include "merlon/os/socket.h"
#include "merlon/wasi/testing/guest.h"

namespace merlon::wasi {
namespace {

using testing::Guest;

constexpr GuestAddress flags_at = 16;

class Sock : public ::testing::Test {
 protected:
  void SetUp() override {
    os::Fd listener = os::listen_tcp("127.0.0.1", 0).value();
    port_ = os::local_port(listener).value();
    listener_ = guest_.insert(listening_socket(std::move(listener)).value());
  }
  Errno accept(std::uint32_t flags = 0) {
    return guest_.call<&api::sock_accept>(listener_, flags, Guest::result);
  }
  FdNumber accepted() {
    client_ = os::connect_tcp("127.0.0.1", port_).value();
    EXPECT_EQ(accept(), Errno::Success);
    return guest_.get<FdNumber>();
  }
  void client_sends(std::string text) {
    const std::array from{::iovec{text.data(), text.size()}};
    EXPECT_EQ(os::send(client_, from).value(), text.size());
  }
  std::string client_gets(std::size_t size) {
    std::array items{os::PollItem{client_.number(), POLLIN, 0}};
    EXPECT_EQ(os::poll(items, std::chrono::seconds(5)).value(), 1U);
    std::string text(size, ' ');
    const std::array into{::iovec{text.data(), text.size()}};
    text.resize(os::receive(client_, into).value().size);
    return text;
  }
  Errno recv(FdNumber fd, GuestSize size, std::uint32_t flags = 0) {
    return guest_.call<&api::sock_recv>(fd, Guest::list, guest_.iovecs({{Guest::buffer, size}}),
                                        flags, Guest::result, flags_at);
  }
  std::string received(FdNumber fd, GuestSize size, std::uint32_t flags = 0) {
    EXPECT_EQ(recv(fd, size, flags), Errno::Success);
    return guest_.string_at(Guest::buffer, guest_.get<GuestSize>());
  }
  Errno send(FdNumber fd, std::string_view text, std::uint32_t flags = 0) {
    const GuestSize size = guest_.put(text);
    return guest_.call<&api::sock_send>(fd, Guest::list, guest_.iovecs({{Guest::text, size}}),
                                        flags, Guest::result);
  }
  void set_nonblock(FdNumber fd) {
    EXPECT_EQ((guest_.call<&api::fd_fdstat_set_flags>(fd, std::uint32_t{fdflags::nonblock.bits()})),
              Errno::Success);
  }

  Guest guest_;
  FdNumber listener_ = 0;
  std::uint16_t port_ = 0;
  os::Fd client_;
};

TEST_F(Sock, AcceptWaitsForAConnection) {
  std::thread later([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    client_ = os::connect_tcp("127.0.0.1", port_).value();
  });
  EXPECT_EQ(accept(), Errno::Success);
  later.join();
  EXPECT_EQ(guest_.get<FdNumber>(), 1U);
}

TEST_F(Sock, ANonblockingListenerSaysAgain) {
  set_nonblock(listener_);
  EXPECT_EQ(accept(), Errno::Again);
  EXPECT_EQ(accept(1), Errno::Inval);  // append
  EXPECT_EQ((guest_.call<&api::sock_accept>(listener_, 0U, 65534U)), Errno::Fault);
}

TEST_F(Sock, AcceptedConnectionsTakeTheFlagsAskedFor) {
  client_ = os::connect_tcp("127.0.0.1", port_).value();
  EXPECT_EQ(accept(4), Errno::Success);
  const FdNumber fd = guest_.get<FdNumber>();
  EXPECT_EQ(recv(fd, 1), Errno::Again);
  EXPECT_EQ((guest_.call<&api::fd_fdstat_get>(fd, Guest::result)), Errno::Success);
  EXPECT_EQ(guest_.get<std::uint8_t>(), 6U);  // socket_stream
  EXPECT_EQ(guest_.get<std::uint16_t>(Guest::result + 2), 4U);
}

TEST_F(Sock, WhatIsSentIsReceivedBothWays) {
  const FdNumber fd = accepted();
  client_sends("ping");
  EXPECT_EQ(received(fd, 100), "ping");
  EXPECT_EQ(guest_.get<std::uint16_t>(flags_at), 0U);
  EXPECT_EQ(send(fd, "pong"), Errno::Success);
  EXPECT_EQ(guest_.get<GuestSize>(), 4U);
  EXPECT_EQ(client_gets(100), "pong");
}

TEST_F(Sock, PeekingLeavesTheBytes) {
  const FdNumber fd = accepted();
  client_sends("ping");
  EXPECT_EQ(received(fd, 2, 1), "pi");
  EXPECT_EQ(received(fd, 100), "ping");
}

TEST_F(Sock, WaitallWaitsForAll) {
  const FdNumber fd = accepted();
  client_sends("123");
  std::thread later([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    client_sends("456");
    client_.close();
  });
  EXPECT_EQ(received(fd, 5, 2), "12345");
  EXPECT_EQ(received(fd, 5, 2), "6");  // the end came first
  later.join();
}

TEST_F(Sock, WaitallKeepsWhatCameBeforeAnError) {
  const FdNumber fd = accepted();
  set_nonblock(fd);
  EXPECT_EQ(recv(fd, 5, 2), Errno::Again);
  client_sends("123");
  std::array items{
      os::PollItem{guest_.context().files().get(fd).value()->descriptor().number(), POLLIN, 0}};
  ASSERT_EQ(os::poll(items, std::chrono::seconds(5)).value(), 1U);
  EXPECT_EQ(received(fd, 5, 2), "123");
}

TEST_F(Sock, ALongSendGoesOnUntilAllIsSent) {
  const FdNumber fd = accepted();
  std::size_t total = 0;
  std::thread reader([&] {
    while (total < 128U * 60000U) total += client_gets(65536).size();
  });
  const GuestSize count =
      guest_.iovecs(std::vector<std::pair<GuestAddress, GuestSize>>(128, {Guest::list, 40000}));
  const GuestSize more = 128U * 60000U - 128U * 40000U;
  EXPECT_EQ((guest_.call<&api::sock_send>(fd, Guest::list, count, 0U, Guest::result)),
            Errno::Success);
  EXPECT_EQ(guest_.get<GuestSize>(), 128U * 40000U);
  for (GuestSize sent = 0; sent < more;) {
    const GuestSize size = std::min<GuestSize>(more - sent, 65536);
    const GuestSize one = guest_.iovecs({{0, size}});
    EXPECT_EQ((guest_.call<&api::sock_send>(fd, Guest::list, one, 0U, Guest::result)),
              Errno::Success);
    sent += guest_.get<GuestSize>();
  }
  reader.join();
  EXPECT_EQ(total, 128U * 60000U);
}

TEST_F(Sock, ShutdownOfEachSide) {
  const FdNumber fd = accepted();
  EXPECT_EQ((guest_.call<&api::sock_shutdown>(fd, 0U)), Errno::Inval);
  for (const std::uint32_t how : {4U, 5U, 7U, 0x101U, 0x8000'0002U}) {
    EXPECT_EQ((guest_.call<&api::sock_shutdown>(fd, how)), Errno::Inval) << how;
  }
  EXPECT_EQ((guest_.call<&api::sock_shutdown>(fd, 2U)), Errno::Success);
  EXPECT_EQ(client_gets(10), "");
  EXPECT_EQ(send(fd, "x"), Errno::Pipe);
  EXPECT_EQ((guest_.call<&api::sock_shutdown>(fd, 1U)), Errno::Success);
  EXPECT_EQ(received(fd, 10), "");
}

TEST_F(Sock, OtherFilesAreNoSockets) {
  const os::testing::ScratchDirectory scratch;
  const FdNumber file = guest_.create(guest_.preopen(scratch), "f");
  EXPECT_EQ((guest_.call<&api::sock_shutdown>(file, 1U)), Errno::Notsock);
  EXPECT_EQ(recv(file, 1), Errno::Notsock);
  EXPECT_EQ(send(file, "x"), Errno::Notsock);
  EXPECT_EQ((guest_.call<&api::sock_accept>(file, 0U, Guest::result)), Errno::Notsock);
  EXPECT_EQ((guest_.call<&api::sock_accept>(99U, 0U, Guest::result)), Errno::Badf);
  const FdNumber connection = accepted();
  EXPECT_EQ((guest_.call<&api::sock_accept>(connection, 0U, Guest::result)), Errno::Inval);
}

TEST_F(Sock, FlagsAndRightsAreChecked) {
  const FdNumber fd = accepted();
  EXPECT_EQ(recv(fd, 1, 4), Errno::Inval);
  EXPECT_EQ(send(fd, "x", 1), Errno::Inval);
  EXPECT_EQ((guest_.call<&api::fd_fdstat_set_rights>(fd, std::uint64_t{0}, std::uint64_t{0})),
            Errno::Success);
  EXPECT_EQ(recv(fd, 1), Errno::Notcapable);
  EXPECT_EQ(send(fd, "x"), Errno::Notcapable);
  EXPECT_EQ((guest_.call<&api::sock_shutdown>(fd, 1U)), Errno::Notcapable);
}

TEST_F(Sock, ADatagramCutShortSaysSo) {
  std::array<int, 2> pair{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  client_ = os::Fd::adopt(pair[0]);
  const FdNumber fd = guest_.insert(connected_socket(os::Fd::adopt(pair[1])).value());
  client_sends("12345");
  EXPECT_EQ(received(fd, 3), "123");
  EXPECT_EQ(guest_.get<std::uint16_t>(flags_at), 1U);
}

TEST_F(Sock, InterruptEndsAnAcceptThatWaits) {
  std::thread stopper([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    guest_.context().interrupt();
  });
  EXPECT_EQ(
      api::sock_accept(guest_.context(), guest_.memory(), listener_, 0, Guest::result).error(),
      interrupted());
  stopper.join();
}

}  // namespace
}  // namespace merlon::wasi
