// Content that comes and goes piece by piece.

#include <atomic>
#include <mutex>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/http/server.h"
#include "merlon/http/testing/client.h"
#include "merlon/os/socket.h"

namespace merlon::http {
namespace {

using base::concat;
using testing::Client;
using namespace std::chrono_literals;

constexpr std::uint8_t letter(std::uint64_t at) { return static_cast<std::uint8_t>('a' + at % 26); }

std::string letters(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(letter(i));
  return text;
}

/// Letters, 1000 at a time; from `broken` on nothing can be had.
class Letters : public Content {
 public:
  Letters(std::uint64_t size, std::uint64_t broken) noexcept : size_(size), broken_(broken) {}
  [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
  [[nodiscard]] Piece next() override {
    if (at_ >= broken_) return nullptr;
    std::vector<std::uint8_t> piece;
    while (piece.size() < 1000 && at_ < size_) piece.push_back(letter(at_++));
    return std::make_shared<const std::vector<std::uint8_t>>(std::move(piece));
  }

 private:
  std::uint64_t size_;
  std::uint64_t broken_;
  std::uint64_t at_ = 0;
};

/// What receivers were told.
struct Told {
  /// For the test's own thread.
  [[nodiscard]] std::string all() {
    const std::scoped_lock lock(mutex);
    return bytes;
  }
  [[nodiscard]] std::size_t largest_piece() {
    const std::scoped_lock lock(mutex);
    return largest;
  }

  std::mutex mutex;
  std::string bytes;
  std::size_t largest = 0;
  std::atomic<int> made{0};
  std::atomic<int> gone{0};
};

class Keeping : public Receiver {
 public:
  Keeping(Told& told, std::size_t most) noexcept : told_(told), most_(most) { ++told_.made; }
  ~Keeping() override { ++told_.gone; }
  [[nodiscard]] std::optional<Response> take(core::ByteView bytes) override {
    const std::scoped_lock lock(told_.mutex);
    told_.bytes += core::as_text(bytes);
    told_.largest = std::max(told_.largest, bytes.size());
    if (told_.bytes.size() > most_) return Response{507, {}, "full"};
    return std::nullopt;
  }
  [[nodiscard]] Response finish() override {
    return {201, {}, concat("kept ", told_.bytes.size())};
  }

 private:
  Told& told_;
  std::size_t most_;
};

class Served {
 public:
  explicit Served(Limits limits = {}, std::size_t most = 1U << 30U) {
    Settings settings;
    settings.limits = limits;
    settings.handler = [](const Request& request) {
      Response response{200, {}, request.body};
      if (request.target == "/torn") response.content = std::make_shared<Letters>(5000, 3000);
      if (request.target == "/letters") response.content = std::make_shared<Letters>(5500, 9999);
      if (request.target == "/none") response.content = std::make_shared<Letters>(0, 9999);
      return response;
    };
    settings.receive = [this, most](const Request& request) -> Reception {
      if (request.target == "/no") return {nullptr, Response{401, {}, "not you"}};
      if (request.target == "/gathered") return {};
      return {std::make_unique<Keeping>(told, most), {}};
    };
    auto listener = os::listen_tcp("::", 0);
    EXPECT_TRUE(listener);
    port_ = *os::local_port(*listener);
    std::vector<os::Fd> listeners;
    listeners.push_back(*std::move(listener));
    auto started = Server::start(std::move(listeners), std::move(settings));
    EXPECT_TRUE(started);
    server.emplace(*std::move(started));
  }
  [[nodiscard]] Client connect() const { return Client(port_); }

  Told told;
  std::optional<Server> server;

 private:
  std::uint16_t port_ = 0;
};

std::string put(std::string_view target, std::size_t size) {
  return concat("PUT ", target, " HTTP/1.1\r\nHost: h\r\nContent-Length: ", size, "\r\n\r\n");
}

TEST(ContentOfARequest, IsTakenInPiecesBeyondWhatIsGathered) {
  Served served;
  Client client = served.connect();
  const std::string content = letters(5'000'000);
  client.send(put("/", content.size()));
  client.send(content);
  const auto answer = client.answer();
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.body, "kept 5000000");
  EXPECT_EQ(served.told.all(), content);
  EXPECT_LE(served.told.largest_piece(), 65536U);
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");  // the connection goes on
  EXPECT_EQ(client.answer().status, 200);
}

TEST(ContentOfARequest, CanBeEmptyOrComeInChunks) {
  Served served;
  Client client = served.connect();
  client.send(put("/", 0));
  EXPECT_EQ(client.answer().body, "kept 0");
  client.send(
      "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  EXPECT_EQ(client.answer().body, "kept 3");
}

TEST(ContentOfARequest, IsGatheredWhereNobodyTakesIt) {
  Served served;
  Client client = served.connect();
  client.send(concat(put("/gathered", 3), "abc"));
  EXPECT_EQ(client.answer().body, "abc");
  EXPECT_EQ(served.told.all(), "");
}

TEST(ContentOfARequest, IsNotReadWhereItsHeadersAreRefused) {
  Served served;
  Client client = served.connect();
  client.send(
      "PUT /no HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n"
      "\r\n");
  const auto answer = client.answer();
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.body, "not you");
  EXPECT_TRUE(client.is_closed());
}

TEST(ContentOfARequest, CanBeRefusedInTheMiddle) {
  Served served({}, 100'000);
  Client client = served.connect();
  client.send(put("/", 10'000'000));
  client.send(letters(200'000));
  EXPECT_EQ(client.answer().status, 507);
  EXPECT_TRUE(client.is_closed());
}

TEST(ContentOfARequest, ThatBreaksOffLetsTheReceiverGo) {
  Served served;
  {
    Client client = served.connect();
    client.send(put("/", 1000));
    client.send("abc");
    // A reset can overtake what was sent before.
    while (served.told.made < 1) std::this_thread::sleep_for(1ms);
    client.reset();
  }
  while (served.told.gone < 1) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(served.server->counters().requests, 0U);
}

TEST(ContentOfARequest, MayTakeItsTimeButMustGoOn) {
  Limits limits;
  limits.body_time = 400ms;
  limits.progress_bytes = 100;
  Served served(limits);
  Client client = served.connect();
  client.send(put("/", 1000));
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 10 && !client.has_something(); ++i) {
    client.send(letters(100));
    std::this_thread::sleep_for(i < 9 ? 60ms : 0ms);
  }
  EXPECT_EQ(client.answer().status, 201);
  EXPECT_GT(std::chrono::steady_clock::now() - began, 400ms);
  client.send(put("/", 1000));
  client.send(letters(99));
  EXPECT_EQ(client.answer().status, 408);
}

TEST(ContentOfAnAnswer, IsSentPieceByPiece) {
  Served served;
  Client client = served.connect();
  for (int i = 0; i < 2; ++i) {
    client.send("GET /letters HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(client.answer().body, letters(5500));
  }
  client.send("HEAD /letters HTTP/1.1\r\nHost: h\r\n\r\nGET /none HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.answer_to_head().header("content-length"), "5500");
  EXPECT_EQ(client.answer().body, "");
}

TEST(ContentOfAnAnswer, ThatCannotBeHadTearsTheConnection) {
  Served served;
  Client client = served.connect();
  client.send("GET /torn HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.answer().status, 0);  // it never comes whole
}

}  // namespace
}  // namespace merlon::http
