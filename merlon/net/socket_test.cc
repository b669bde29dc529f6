#include "merlon/net/socket.h"

#include <array>
#include <string_view>

#include <gtest/gtest.h>

namespace merlon::net {
namespace {

std::string got(Stream& stream, bool peek = false) {
  std::array<char, 64> room{};
  std::array vectors{::iovec{room.data(), room.size()}};
  const auto received = stream.receive(vectors, {.peek = peek});
  return received ? std::string(room.data(), received->size) : "error";
}

os::Errno put(Stream& stream, std::string_view text) {
  std::string copy(text);
  std::array vectors{::iovec{copy.data(), copy.size()}};
  const auto sent = stream.send(vectors);
  return sent ? os::Errno{} : sent.error();
}

struct Pair {
  Pair() {
    auto listening = os::listen_tcp("127.0.0.1", 0);
    port = os::local_port(*listening).value();
    listener = std::make_unique<SocketListener>(*std::move(listening));
  }
  std::uint16_t port = 0;
  std::unique_ptr<SocketListener> listener;
};

TEST(SocketListener, SaysAgainUntilSomebodyConnects) {
  Pair pair;
  const auto none = pair.listener->accept();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error(), os::Errno::Again);
  std::vector<os::PollItem> items;
  pair.listener->add_awaited(items);
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0].fd, pair.listener->descriptor().number());
  EXPECT_EQ(pair.listener->look().known, Readiness::Known::Ask);
}

TEST(SocketStream, CarriesBytesAsTheyAre) {
  Pair pair;
  SocketStream client(os::connect_tcp("127.0.0.1", pair.port).value());
  auto server = pair.listener->accept();
  ASSERT_TRUE(server);
  EXPECT_EQ(put(client, "hello"), os::Errno{});
  EXPECT_EQ(got(**server, true), "hello");
  EXPECT_EQ(got(**server), "hello");
  EXPECT_FALSE(client.has_unsent());
  EXPECT_EQ(client.look(Side::Read).known, Readiness::Known::Ask);
  ASSERT_TRUE(client.shut_down(false, true));
  EXPECT_EQ(got(**server), "");  // the end
  EXPECT_EQ(put(client, "more"), os::Errno::Pipe);
  EXPECT_EQ(put(**server, "back"), os::Errno{});
  EXPECT_EQ(got(client), "back");
}

}  // namespace
}  // namespace merlon::net
