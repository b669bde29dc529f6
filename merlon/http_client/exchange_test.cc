#include "merlon/http_client/exchange.h"

#include <algorithm>
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

TEST(HttpRequest, NamesItsServerInOneForm) {
  EXPECT_EQ(authority_of("a.example", 443), "a.example");
  EXPECT_EQ(authority_of("a.example", 8443), "a.example:8443");
  EXPECT_EQ(authority_of("::1", 443), "[::1]");
  EXPECT_EQ(authority_of("::1", 80), "[::1]:80");
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

TEST(HttpRequest, HasFurtherHeaders) {
  Request request = post();
  request.fields = {{"Range", "bytes=1-"}, {"Upload-Offset", "7"}};
  const auto bytes = head_of(request, 9);
  ASSERT_TRUE(bytes);
  EXPECT_TRUE(core::as_text(*bytes).ends_with(
      "Range: bytes=1-\r\nUpload-Offset: 7\r\nContent-Length: 9\r\n\r\n"));
  for (const Field& bad : {Field{"A:", "b"}, Field{"", "b"}, Field{"A", "b\r\nC: d"}}) {
    request.fields = {bad};
    EXPECT_FALSE(head_of(request, 0));
  }
}

std::string everything(os::BorrowedFd from) {
  std::string all;
  std::array<char, 4096> room{};
  const std::array into{::iovec{room.data(), room.size()}};
  for (;;) {
    const auto got = os::receive(from, into);
    if (!got || got->size == 0) return all;
    all.append(room.data(), got->size);
  }
}

TEST(HttpExchange, SendsABodyThatIsNotInMemory) {
  Answering peer("HTTP/1.1 201 Created\r\nContent-Length: 0\r\nUpload-Offset: 5\r\n\r\n");
  std::uint64_t left = 100'000;
  const BodySource source{left, [&](core::ByteSpan into) -> core::Result<std::size_t> {
                            const std::size_t part = std::min<std::size_t>(into.size(), 1000);
                            std::fill_n(into.begin(), part, std::uint8_t{'x'});
                            left -= part;
                            return part;
                          }};
  Exchange exchange({'G', '\n'}, 10);
  exchange.set_source(source);
  const auto answer =
      carry_out(*peer.stream, exchange, {std::chrono::seconds(60), std::chrono::seconds(60)});
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->field("upload-offset"), "5");
  EXPECT_EQ(answer->field("other"), std::nullopt);
  static_cast<void>(peer.stream->shut_down(false, true));
  EXPECT_LE(everything(peer.server).size(), 100'002U);
}

TEST(HttpExchange, EndsWithASourceThatHasLess) {
  const Answering peer("");
  Exchange exchange({'G'}, 10);
  exchange.set_source({5, [](core::ByteSpan) -> core::Result<std::size_t> { return 0; }});
  EXPECT_FALSE(
      carry_out(*peer.stream, exchange, {std::chrono::seconds(60), std::chrono::seconds(60)}));
}

}  // namespace
}  // namespace merlon::http_client
