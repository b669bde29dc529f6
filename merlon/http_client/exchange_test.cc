#include "merlon/http_client/exchange.h"

#include <thread>

#include <gtest/gtest.h>

#include "merlon/net/socket.h"

namespace merlon::http_client {
namespace {

Request post() { return {"POST", "a.example", "/x", "a/b", "c/d", {'h', 'i'}}; }

TEST(HttpRequest, HasOneForm) {
  const auto bytes = to_bytes(post());
  ASSERT_TRUE(bytes);
  EXPECT_EQ(core::as_text(*bytes),
            "POST /x HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\nUser-Agent: merlon\r\n"
            "Accept: c/d\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nhi");
}

TEST(HttpRequest, HoldsNoHeaderThatSomebodySlippedIn) {
  for (std::string Request::* part : {&Request::method, &Request::host, &Request::path,
                                      &Request::content_type, &Request::accept}) {
    Request request = post();
    request.*part += "\r\nEvil: yes";
    EXPECT_FALSE(to_bytes(request));
  }
}

struct Answering {
  explicit Answering(std::string answer) {
    auto listening = os::listen_tcp("127.0.0.1", 0);
    const auto port = os::local_port(*listening).value();
    stream = std::make_unique<net::SocketStream>(os::connect_tcp("127.0.0.1", port).value());
    server = os::accept(*listening).value();
    thread = std::thread([this, answer = std::move(answer)] {
      const std::array vectors{::iovec{const_cast<char*>(answer.data()), answer.size()}};
      static_cast<void>(os::send(server, vectors));
      if (!answer.empty()) static_cast<void>(os::shut_down(server, false, true));
    });
  }
  ~Answering() { thread.join(); }
  Answering(const Answering&) = delete;
  Answering& operator=(const Answering&) = delete;

  os::Fd server;
  std::unique_ptr<net::Stream> stream;
  std::thread thread;
};

TEST(HttpExchange, GivesTheAnswer) {
  const Answering peer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nyo");
  const auto answer = exchange(*peer.stream, post(), 100, std::chrono::seconds(60));
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->body, (std::vector<std::uint8_t>{'y', 'o'}));
}

TEST(HttpExchange, EndsWhenItsTimeIsOver) {
  const Answering peer("");
  const auto answer = exchange(*peer.stream, post(), 100, std::chrono::milliseconds(20));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message(), "no answer in time");
}

TEST(HttpExchange, TellsAnAnswerThatWasCutOff) {
  const Answering peer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyo");
  const auto answer = exchange(*peer.stream, post(), 100, std::chrono::seconds(60));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message(), "the answer ends early");
}

}  // namespace
}  // namespace merlon::http_client
