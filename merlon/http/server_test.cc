#include "merlon/http/server.h"

#include <array>
#include <atomic>
#include <latch>
#include <semaphore>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/http/testing/client.h"
#include "merlon/os/socket.h"
#include "merlon/tls/testing/pki.h"

namespace merlon::http {
namespace {

using base::concat;
using testing::Client;
using namespace std::chrono_literals;

/// Each test with plain HTTP, and over TLS where that can be.
class Served : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(, Served, ::testing::Bool(), [](const auto& chosen) {
  return std::string(chosen.param ? "OverTls" : "Plain");
});
bool over_tls() { return Served::GetParam(); }

/// Who answers here over TLS.
struct Pki {
  tls::testing::Authority authority;
  tls::testing::Holder holder = authority.issue({"h.example"});
  tls::Context server = value_of(tls::Context::server({holder.identity(), {}, {}, {}, &in_time}));
  tls::Context client = value_of(tls::Context::client({{}, {authority.root()}, {}, &in_time}));

  static std::int64_t in_time() { return tls::testing::made_at + 60; }
  static tls::Context value_of(core::Result<tls::Context> made) { return *std::move(made); }
};

/// A server on a port of its own that answers with what it was asked.
class Running {
 public:
  explicit Running(Settings settings = {}) {
    if (!settings.handler) settings.handler = echo;
    if (over_tls()) settings.tls = [this] { return pki_.server; };
    auto listener = os::listen_tcp("::", 0);
    EXPECT_TRUE(listener);
    port_ = *os::local_port(*listener);
    std::vector<os::Fd> listeners;
    listeners.push_back(*std::move(listener));
    auto started = Server::start(std::move(listeners), std::move(settings));
    EXPECT_TRUE(started);
    server_.emplace(*std::move(started));
  }

  static Response echo(const Request& request) {
    return {
        200,
        {{"Content-Type", "text/plain"}},
        concat(request.method, " ", request.target, " ", request.body.size(), " ", request.body)};
  }

  [[nodiscard]] Client connect() const {
    return over_tls() ? Client(port_, pki_.client, "h.example") : Client(port_);
  }
  [[nodiscard]] Server& server() { return *server_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  Pki pki_;
  std::uint16_t port_ = 0;
  std::optional<Server> server_;
};

std::vector<os::Fd> one(os::Fd listener) {
  std::vector<os::Fd> listeners;
  listeners.push_back(std::move(listener));
  return listeners;
}

Settings with(Limits limits) {
  Settings settings;
  settings.limits = limits;
  return settings;
}

/// Waits for what another thread is to bring about; the test's own time limit ends it otherwise.
template <typename Condition>
void eventually(Condition condition) {
  while (!condition()) std::this_thread::sleep_for(1ms);
}

TEST_P(Served, AnswersOneRequestAfterTheOther) {
  Running running;
  Client client = running.connect();
  for (int i = 0; i < 3; ++i) {
    client.send(concat("GET /", i, "?x HTTP/1.1\r\nHost: h\r\n\r\n"));
    const auto answer = client.answer();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, concat("GET /", i, "?x 0 "));
  }
  EXPECT_EQ(running.server().counters().accepted, 1U);
  EXPECT_EQ(running.server().counters().requests, 3U);
}

TEST_P(Served, TheHandlerSeesWhoAsksAndWhatWithWhichHeaders) {
  Settings settings;
  settings.handler = [](const Request& request) {
    return Response{200,
                    {},
                    concat(request.peer, "|", request.header("x-name").value_or("none"), "|",
                           request.tls ? 1 : 0)};
  };
  Running running(std::move(settings));
  Client client = running.connect();
  client.send("GET / HTTP/1.1\r\nHost: h\r\nX-Name:  Value \r\n\r\n");
  EXPECT_EQ(client.answer().body, concat("127.0.0.1|Value|", over_tls() ? 1 : 0));
}

TEST_P(Served, ServesRequestsThatDoNotWaitForAnswersInTheirOrder) {
  Running running;
  Client client = running.connect();
  client.send(
      "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
      "GET /3 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.answer().body, "GET /1 0 ");
  EXPECT_EQ(client.answer().body, "POST /2 3 abc");
  EXPECT_EQ(client.answer().body, "GET /3 0 ");
}

TEST_P(Served, TakesARequestByteByByte) {
  Running running;
  Client client = running.connect();
  for (const char c :
       std::string_view("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nxy")) {
    client.send(std::string_view(&c, 1));
  }
  EXPECT_EQ(client.answer().body, "POST / 2 xy");
}

TEST_P(Served, TakesChunks) {
  Running running;
  Client client = running.connect();
  client.send(
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;e=1\r\nabc\r\n2\r\nde\r\n0\r\n"
      "T: 1\r\n\r\n");
  EXPECT_EQ(client.answer().body, "POST / 5 abcde");
}

TEST_P(Served, ToHeadItTellsTheSizeAlone) {
  Running running;
  Client client = running.connect();
  client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\nGET /n HTTP/1.1\r\nHost: h\r\n\r\n");
  const auto head = client.answer_to_head();
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-length"), "9");
  EXPECT_EQ(client.answer().body, "GET /n 0 ");
}

TEST_P(Served, AsksForABodyWhoseSenderWaits) {
  Running running;
  Client client = running.connect();
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n");
  EXPECT_EQ(client.answer_to_head().status, 100);
  client.send("ab");
  EXPECT_EQ(client.answer().body, "POST / 2 ab");
}

TEST_P(Served, DoesNotAskForABodyThatIsTooLong) {
  Running running;
  Client client = running.connect();
  client.send(
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2097153\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.answer().status, 413);
  EXPECT_TRUE(client.is_closed());
}

TEST_P(Served, RefusesAnExpectationThatItDoesNotKnow) {
  Running running;
  Client client = running.connect();
  client.send("GET / HTTP/1.1\r\nHost: h\r\nExpect: miracles\r\n\r\n");
  EXPECT_EQ(client.answer().status, 417);
}

TEST_P(Served, ClosesWhereTheRequestSaysSo) {
  Running running;
  Client client = running.connect();
  client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.answer().header("connection"), "close");
  EXPECT_TRUE(client.is_closed());
}

TEST_P(Served, SpeaksHttp10) {
  Running running;
  Client client = running.connect();
  client.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.answer().status, 200);
  EXPECT_TRUE(client.is_closed());
  Client keeping = running.connect();
  keeping.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(keeping.answer().header("connection"), "keep-alive");
  keeping.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(keeping.answer().status, 200);
}

TEST_P(Served, RefusesHeadersThatAreTooLong) {
  Running running;
  Client client = running.connect();
  client.send(concat("GET / HTTP/1.1\r\nHost: h\r\nX: ", std::string(20'000, 'x'), "\r\n\r\n"));
  EXPECT_EQ(client.answer().status, 431);
  EXPECT_TRUE(client.is_closed());
  Client target = running.connect();
  target.send(concat("GET /", std::string(20'000, 'x'), " HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_EQ(target.answer().status, 431);
}

TEST_P(Served, RefusesABodyOfOneByteTooMuchAndTakesOneByteLess) {
  Limits limits;
  limits.body_bytes = 1000;
  Running running(with(limits));
  for (const std::size_t size : {1000UL, 1001UL}) {
    Client client = running.connect();
    client.send(concat("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ", size, "\r\n\r\n",
                       std::string(size, 'x')));
    EXPECT_EQ(client.answer().status, size == 1000 ? 200 : 413);
  }
  Client chunks = running.connect();
  chunks.send(concat("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n",
                     std::string(1001, 'x'), "\r\n0\r\n\r\n"));
  EXPECT_EQ(chunks.answer().status, 413);
}

TEST_P(Served, RefusesWhatIsNoRequest) {
  Running running;
  for (
      const char* text :
      {"\r\n\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/1.1\r\nHost : h\r\n\r\n",
       "GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", "GET / HTTP/1.1\r\n Host: h\r\n\r\n",
       "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
       "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
       "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
       "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
       "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\na",
       // Where the content ends, somebody in front of us may see otherwise.
       "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n",
       "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n",
       "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\r\n\r\n",
       "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
       "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
       "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: "
       "chunked\r\n\r\n0\r\n\r\n",
       "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \"chunked\"\r\n\r\n",
       "POST / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\nTransfer-Encoding: "
       "chunked\r\n\r\n0\r\n\r\n",
       "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
       "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"}) {
    Client client = running.connect();
    client.send(std::string_view(text));
    EXPECT_EQ(client.answer().status, 400) << text;
    EXPECT_TRUE(client.is_closed()) << text;
  }
  Client two = running.connect();
  two.send("GET / HTTP/2.0\r\nHost: h\r\n\r\n");
  EXPECT_EQ(two.answer().status, 505);
}

TEST_P(Served, SaysWhyByTheProgramsOwnWords) {
  Settings settings;
  settings.refuse = [](unsigned status, std::string_view why, const Request& request) {
    return Response{status, {}, concat(why, "|", request.header("accept").value_or("none"))};
  };
  Running running(std::move(settings));
  Client client = running.connect();
  client.send("POST / HTTP/1.1\r\nHost: h\r\nAccept: a/b\r\nContent-Length: 9999999\r\n\r\n");
  const auto answer = client.answer();
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.body, "the content is too long|a/b");
}

TEST_P(Served, EndsARequestThatIsSentTooSlowly) {
  Limits limits;
  limits.header_time = 60ms;
  limits.body_time = 60ms;
  Running running(with(limits));
  Client headers = running.connect();
  headers.send("GET / HTTP/1.1\r\nHost: h\r\n");
  EXPECT_EQ(headers.answer().status, 408);
  EXPECT_TRUE(headers.is_closed());
  Client body = running.connect();
  body.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
  EXPECT_EQ(body.answer().status, 408);
  EXPECT_TRUE(body.is_closed());
  Client nothing = running.connect();
  EXPECT_TRUE(nothing.is_closed());
  eventually([&] { return running.server().counters().timeouts == 3; });
}

TEST_P(Served, SlowBytesDoNotRenewTheTime) {
  Limits limits;
  limits.header_time = 100ms;
  Running running(with(limits));
  Client client = running.connect();
  client.send("GET / HTTP/1.1\r\nHost: h\r\nX: ");
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 1000 && !client.has_something(); ++i)
    client.send("x"), std::this_thread::sleep_for(5ms);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
  EXPECT_EQ(client.answer().status, 408);
}

TEST_P(Served, EndsAConnectionThatIsIdle) {
  Limits limits;
  limits.idle_time = 50ms;
  Running running(with(limits));
  Client client = running.connect();
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.answer().status, 200);
  EXPECT_TRUE(client.is_closed());
  EXPECT_EQ(running.server().counters().timeouts, 0U);
}

TEST_P(Served, RefusesMoreConnectionsOfOneAddressThanAllowed) {
  Limits limits;
  limits.per_address = 2;
  Running running(with(limits));
  Client first = running.connect();
  std::optional<Client> second(running.connect());
  for (Client* each : {&first, &*second}) {
    each->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(each->answer().status, 200);
  }
  Client third = running.connect();
  third.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(third.answer().status, over_tls() ? 0 : 429);  // without a handshake there are no words
  EXPECT_TRUE(third.is_closed());
  EXPECT_EQ(running.server().counters().refused_per_address, 1U);
  second.reset();
  eventually([&] { return running.server().counters().open_connections == 1; });
  Client fourth = running.connect();
  fourth.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(fourth.answer().status, 200);
}

TEST_P(Served, TheLongestIdleMakesRoomForAnother) {
  Limits limits;
  limits.connections = 2;
  Running running(with(limits));
  Client first = running.connect();
  Client second = running.connect();
  for (Client* each : {&first, &second}) {
    each->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(each->answer().status, 200);
  }
  Client third = running.connect();
  third.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(third.answer().status, 200);
  EXPECT_TRUE(first.is_closed());
  EXPECT_EQ(running.server().counters().evicted, 1U);
  second.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(second.answer().status, 200);
}

TEST_P(Served, RefusesConnectionsWhereNoneIsIdle) {
  Limits limits;
  limits.connections = 1;
  Running running(with(limits));
  Client first = running.connect();
  first.send("GET / HTTP/1.1\r\n");
  eventually([&] { return running.server().counters().open_connections == 1; });
  std::this_thread::sleep_for(20ms);  // until its bytes are read
  Client second = running.connect();
  second.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(second.answer().status, over_tls() ? 0 : 503);
  EXPECT_EQ(running.server().counters().refused_total, 1U);
}

TEST_P(Served, RefusesBodiesBeyondWhatItHoldsOfAll) {
  Limits limits;
  limits.buffered_bytes = 5000;
  Running running(with(limits));
  Client first = running.connect();
  first.send(
      concat("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4001\r\n\r\n", std::string(4000, 'x')));
  eventually([&] { return running.server().counters().buffered_bytes == 4000; });
  Client second = running.connect();
  second.send(
      concat("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2000\r\n\r\n", std::string(2000, 'x')));
  EXPECT_EQ(second.answer().status, 503);
  first.send("x");
  EXPECT_EQ(first.answer().status, 200);
  eventually([&] { return running.server().counters().buffered_bytes == 0; });
}

TEST_P(Served, RefusesRequestsWhereTooManyWaitForAWorker) {
  std::counting_semaphore<8> go_on(0);
  std::atomic<int> begun = 0;
  Settings settings;
  settings.workers = 1;
  settings.limits.queued = 1;
  settings.handler = [&](const Request&) {
    ++begun;
    go_on.acquire();
    return Response{};
  };
  Running running(std::move(settings));
  std::vector<Client> clients;
  for (std::uint64_t i = 0; i < 3; ++i) {
    clients.push_back(running.connect());
    clients.back().send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    eventually([&] { return running.server().counters().requests == i + 1; });
    if (i == 0) eventually([&] { return begun == 1; });
  }
  EXPECT_EQ(clients[2].answer().status, 503);
  go_on.release(8);
  EXPECT_EQ(clients[0].answer().status, 200);
  EXPECT_EQ(clients[1].answer().status, 200);
}

TEST_P(Served, TellsOfEachExchange) {
  std::vector<std::string> seen;
  std::mutex mutex;
  Settings settings;
  settings.handler = [](const Request&) { return Response{201, {}, "", false, {{"code", "x"}}}; };
  settings.observe = [&](const Exchange& exchange) {
    const std::scoped_lock lock(mutex);
    seen.push_back(concat(exchange.request.method, " ", exchange.response.status, " ",
                          exchange.handled ? 1 : 0, exchange.sent ? 1 : 0, " ",
                          exchange.response.notes.size()));
  };
  Running running(std::move(settings));
  Client client = running.connect();
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\nnonsense\r\n\r\n");
  EXPECT_EQ(client.answer().status, 201);
  EXPECT_EQ(client.answer().status, 400);
  running.server().stop(1s);
  EXPECT_EQ(seen, (std::vector<std::string>{"GET 201 11 1", " 400 01 0"}));
}

TEST_P(Served, GoesOnWhenAHandlerHasNoMemory) {
  Settings settings;
  settings.handler = [](const Request&) -> Response { throw std::bad_alloc(); };
  Running running(std::move(settings));
  Client client = running.connect();
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.answer().status, 500);
}

TEST_P(Served, AnswersWhatHasBegunBeforeItStops) {
  std::latch begun(1);
  Settings settings;
  settings.handler = [&](const Request&) {
    begun.count_down();
    std::this_thread::sleep_for(100ms);
    return Response{200, {}, "done"};
  };
  Running running(std::move(settings));
  Client idle = running.connect();
  Client client = running.connect();
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  begun.wait();
  running.server().stop(10s);
  const auto answer = client.answer();
  EXPECT_EQ(answer.body, "done");
  EXPECT_EQ(answer.header("connection"), "close");
  EXPECT_TRUE(client.is_closed());
  EXPECT_TRUE(idle.is_closed());
}

TEST_P(Served, ServesWhoHadConnectedWhenItStops) {
  Running running;
  std::vector<Client> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(running.connect());
    clients.back().send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  running.server().stop(10s);
  for (Client& each : clients) EXPECT_EQ(each.answer().status, 200);
}

TEST_P(Served, CutsOffWhatIsNotDoneInTime) {
  Running running;
  Client client = running.connect();
  client.send("GET / HTTP/1.1\r\n");
  eventually([&] { return running.server().counters().open_connections == 1; });
  const auto begin = std::chrono::steady_clock::now();
  running.server().stop(50ms);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
  EXPECT_TRUE(client.is_closed());
}

TEST_P(Served, StopsTwice) {
  Running running;
  running.server().stop(1s);
  running.server().stop(1s);
}

TEST_P(Served, OutlivesPeersThatLeaveAtOnce) {
  Running running;
  for (int i = 0; i < 200; ++i) {
    Client client = running.connect();
    if (i % 2 == 0) client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc");
    client.reset();
  }
  Client client = running.connect();
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.answer().status, 200);
  client.close();
  eventually([&] { return running.server().counters().open_connections == 0; });
  EXPECT_EQ(running.server().counters().buffered_bytes, 0U);
}

/// Of one certificate after the other: a service that gets a new one goes on.
TEST(TlsServer, EachConnectionHasTheCertificateOfItsTime) {
  std::array<Pki, 2> pki;
  std::atomic<std::size_t> used = 0;
  auto listener = os::listen_tcp("::1", 0);
  ASSERT_TRUE(listener);
  Settings settings;
  settings.handler = [](const Request&) { return Response{}; };
  settings.tls = [&] { return pki.at(used).server; };
  const std::uint16_t port = *os::local_port(*listener);
  auto server = Server::start(one(*std::move(listener)), std::move(settings));
  ASSERT_TRUE(server);
  Client first(port, pki[0].client, "h.example", "::1");
  first.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(first.answer().status, 200);
  used = 1;
  Client second(port, pki[1].client, "h.example", "::1");
  second.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(second.answer().status, 200);
  Client with_the_old(port, pki[0].client, "h.example", "::1");
  with_the_old.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(with_the_old.answer().status, 0);
  first.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(first.answer().status, 200);
}

TEST(TlsServer, WithoutACertificateThereIsNoConnection) {
  auto listener = os::listen_tcp("::1", 0);
  ASSERT_TRUE(listener);
  Settings settings;
  settings.handler = [](const Request&) { return Response{}; };
  settings.tls = [] { return std::optional<tls::Context>(); };
  const std::uint16_t port = *os::local_port(*listener);
  auto server = Server::start(one(*std::move(listener)), std::move(settings));
  ASSERT_TRUE(server);
  Client client(port, "::1");
  EXPECT_TRUE(client.is_closed());
}

TEST(TlsServer, HalfAHandshakeIsEndedAndTheOldestMakesRoom) {
  Pki pki;
  auto listener = os::listen_tcp("::1", 0);
  ASSERT_TRUE(listener);
  Settings settings;
  settings.limits.handshakes = 2;
  settings.limits.handshake_time = 100ms;
  settings.handler = [](const Request&) { return Response{}; };
  settings.tls = [&] { return pki.server; };
  const std::uint16_t port = *os::local_port(*listener);
  auto server = Server::start(one(*std::move(listener)), std::move(settings));
  ASSERT_TRUE(server);
  std::vector<Client> stalled;
  for (int i = 0; i < 3; ++i) {
    stalled.emplace_back(port, "::1");
    stalled.back().send("\x16\x03\x01");
    eventually([&] { return server->counters().accepted == static_cast<std::uint64_t>(i) + 1; });
  }
  EXPECT_TRUE(stalled[0].is_closed());
  EXPECT_EQ(server->counters().evicted, 1U);
  Client good(port, pki.client, "h.example", "::1");
  good.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(good.answer().status, 200);
  EXPECT_TRUE(stalled[1].is_closed());
  EXPECT_TRUE(stalled[2].is_closed());
  Client plain(port, "::1");
  plain.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(plain.answer().status, 0);
  eventually([&] { return server->counters().open_handshakes == 0; });
}

TEST(Server, NeedsAListener) {
  std::vector<os::Fd> none;
  none.push_back(os::Fd());
  Settings settings;
  settings.handler = Running::echo;
  EXPECT_FALSE(Server::start(std::move(none), std::move(settings)));
}

TEST_P(Served, WhatIsThereAtOnceNeedsNoWorker) {
  std::atomic<int> asked = 0;
  Settings settings;
  settings.quick = [](const Request& request) -> std::optional<Response> {
    if (request.target != "/quick") return std::nullopt;
    return Response{200, {}, "at once"};
  };
  settings.handler = [&asked](const Request& request) {
    ++asked;
    return Running::echo(request);
  };
  Running running(std::move(settings));
  Client client = running.connect();
  client.send("GET /quick HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.answer().body, "at once");
  EXPECT_EQ(asked, 0);
  client.send("GET /other HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.answer().status, 200);
  client.send("POST /quick HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(client.answer().status, 200);
  EXPECT_EQ(asked, 2);
}

TEST_P(Served, ItsMeterIsReadBeforeItStartsAndBehindItsEnd) {
  Settings settings;
  const Meter meter = settings.meter;
  EXPECT_EQ(meter.read().requests, 0U);
  {
    Running running(std::move(settings));
    Client client = running.connect();
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(client.answer().status, 200);
    EXPECT_EQ(running.server().counters().requests, 1U);
  }
  EXPECT_EQ(meter.read().requests, 1U);
  EXPECT_EQ(meter.read().open_connections, 0U);
}

}  // namespace
}  // namespace merlon::http
