#include "merlon/tls/listener.h"

#include <thread>

#include <gtest/gtest.h>

#include "merlon/base/testing/limited_budget.h"
#include "merlon/net/socket.h"
#include "merlon/tls/testing/pki.h"

namespace merlon::tls {
namespace {

using os::Errno;

std::int64_t in_time() { return testing::made_at + 60; }

struct Place {
  explicit Place(HandshakeLimits limits = {}) {
    const testing::Holder holder = authority.issue({"keep.example"});
    auto socket = os::listen_tcp("127.0.0.1", 0);
    port = os::local_port(*socket).value();
    *context = Context::server({.identity = holder.identity(), .now = &in_time}).value();
    listener = std::make_unique<Listener>([context = context] { return *context; },
                                          std::make_unique<net::SocketListener>(*std::move(socket)),
                                          limits);
  }

  std::unique_ptr<net::Stream> connect() const {
    return std::make_unique<net::SocketStream>(os::connect_tcp("127.0.0.1", port).value());
  }
  std::unique_ptr<Session> client() const {
    return Session::connect(Context::client({.trust = {authority.root()}, .now = &in_time}).value(),
                            connect(), "keep.example")
        .value();
  }
  /// Waits a little for what the listener awaits; the client is in this thread too.
  void wait() const {
    std::vector<os::PollItem> items;
    listener->add_awaited(items);
    static_cast<void>(os::poll(items, std::chrono::milliseconds(5)));
  }
  /// The next connection, with `client` doing its part.
  std::unique_ptr<net::Stream> next(Session& client) const {
    for (int i = 0; i < 1000; ++i) {
      static_cast<void>(client.shake());
      auto got = listener->accept();
      if (got) return *std::move(got);
      wait();
    }
    return nullptr;
  }

  testing::Authority authority{"Test CA"};
  std::uint16_t port = 0;
  std::shared_ptr<std::optional<Context>> context = std::make_shared<std::optional<Context>>();
  std::unique_ptr<Listener> listener;
};

TEST(Listener, GivesConnectionsWhoseHandshakeIsOver) {
  const Place place;
  EXPECT_EQ(place.listener->accept().error(), Errno::Again);
  const auto client = place.client();
  const auto stream = place.next(*client);
  ASSERT_NE(stream, nullptr);
  EXPECT_EQ(client->shake(), Session::Handshake::Done);
  EXPECT_EQ(place.listener->counts().done, 1U);
}

TEST(Listener, IsNotHeldUpByClientsThatStall) {
  const Place place;
  std::vector<std::unique_ptr<net::Stream>> silent;
  for (int i = 0; i < 100; ++i) silent.push_back(place.connect());
  const auto client = place.client();
  EXPECT_NE(place.next(*client), nullptr);
  EXPECT_EQ(place.listener->counts().done, 1U);
  EXPECT_EQ(place.listener->counts().failed, 0U);
}

TEST(Listener, DropsTheOldestHandshakeWhenThereAreTooMany) {
  const Place place({.open = 4});
  std::vector<std::unique_ptr<net::Stream>> silent;
  for (int i = 0; i < 20; ++i) silent.push_back(place.connect());
  const auto client = place.client();
  EXPECT_NE(place.next(*client), nullptr);
  EXPECT_GE(place.listener->counts().dropped, 16U);
}

/// As a listener below does that has no descriptor left, the first two times.
class ScarceListener final : public net::Listener {
 public:
  explicit ScarceListener(std::unique_ptr<net::Listener> below) : below_(std::move(below)) {}

  os::BorrowedFd descriptor() const noexcept override { return below_->descriptor(); }
  os::Result<std::unique_ptr<net::Stream>> accept() override {
    if (accepted_ >= 3 && refused_ < 2) {
      ++refused_;
      return Errno::Mfile;
    }
    auto stream = below_->accept();
    if (stream) ++accepted_;
    return stream;
  }
  void add_awaited(std::vector<os::PollItem>& items) const override { below_->add_awaited(items); }

 private:
  std::unique_ptr<net::Listener> below_;
  int accepted_ = 0;
  int refused_ = 0;
};

TEST(Listener, DropsHandshakesWhenDescriptorsAreScarce) {
  Place place;
  auto socket = os::listen_tcp("127.0.0.1", 0);
  place.port = os::local_port(*socket).value();
  place.listener = std::make_unique<Listener>(
      [context = place.context] { return *context; },
      std::make_unique<ScarceListener>(std::make_unique<net::SocketListener>(*std::move(socket))));
  std::vector<std::unique_ptr<net::Stream>> silent;
  for (int i = 0; i < 3; ++i) silent.push_back(place.connect());
  const auto client = place.client();
  EXPECT_NE(place.next(*client), nullptr);
  EXPECT_EQ(place.listener->counts().dropped, 2U);
}

TEST(Listener, HasNoMoreMemoryThanItMay) {
  base::testing::LimitedBudget memory(3 * Session::most_memory);
  Place place;
  auto socket = os::listen_tcp("127.0.0.1", 0);
  place.port = os::local_port(*socket).value();
  place.listener = std::make_unique<Listener>(
      [context = place.context] { return *context; },
      std::make_unique<net::SocketListener>(*std::move(socket)), HandshakeLimits(), &memory);
  std::vector<std::unique_ptr<net::Stream>> silent;
  for (int i = 0; i < 20; ++i) silent.push_back(place.connect());
  const auto client = place.client();
  const auto stream = place.next(*client);
  ASSERT_NE(stream, nullptr) << "whoever stalls makes room for whoever does not";
  EXPECT_GE(place.listener->counts().dropped, 10U);
  memory.left = 0;
  const auto other = place.client();
  for (int i = 0; i < 1000 && other->shake() == Session::Handshake::Waiting; ++i) {
    EXPECT_EQ(place.listener->accept().error(), Errno::Again) << "it is nobody's error";
    place.wait();
  }
  EXPECT_EQ(other->shake(), Session::Handshake::Failed);
}

TEST(Listener, GivesUpAHandshakeThatTakesTooLong) {
  const Place place({.nanoseconds = 1});
  const auto silent = place.connect();
  for (int i = 0; i < 1000 && place.listener->counts().timed_out == 0; ++i) {
    place.wait();
    EXPECT_EQ(place.listener->accept().error(), Errno::Again);
  }
  EXPECT_EQ(place.listener->counts().timed_out, 1U);
  std::vector<os::PollItem> items;
  place.listener->add_awaited(items);
  EXPECT_EQ(items.size(), 1U);
}

TEST(Listener, CountsWhoSpeaksNoTls) {
  const Place place;
  const auto plain = place.connect();
  std::string said = "GET / HTTP/1.1\r\n\r\n";
  const std::array vectors{::iovec{said.data(), said.size()}};
  ASSERT_TRUE(plain->send(vectors));
  for (int i = 0; i < 1000 && place.listener->counts().failed == 0; ++i) {
    place.wait();
    EXPECT_NE(place.listener->look().known, net::Readiness::Known::Yes);
  }
  EXPECT_EQ(place.listener->counts().failed, 1U);
  EXPECT_FALSE(place.listener->last_trouble().empty());
}

TEST(Listener, ShowsAnotherCertificateFromNowOn) {
  const Place place;
  const auto first = place.client();
  ASSERT_NE(place.next(*first), nullptr);
  const testing::Holder holder = place.authority.issue({"keep.example"});
  *place.context = Context::server({.identity = holder.identity(), .now = &in_time}).value();
  const auto second = place.client();
  ASSERT_NE(place.next(*second), nullptr);
  EXPECT_NE(first->peer_certificate(), second->peer_certificate());
  EXPECT_EQ(second->peer_certificate(), holder.chain[0]);
}

TEST(Listener, WithoutACertificateServesNobody) {
  const Place place;
  *place.context = std::nullopt;
  const auto client = place.client();
  for (int i = 0; i < 1000 && place.listener->counts().without_certificate == 0; ++i) {
    place.wait();
    EXPECT_EQ(place.listener->accept().error(), Errno::Again);
  }
  EXPECT_EQ(place.listener->counts().without_certificate, 1U);
  EXPECT_EQ(client->shake(), Session::Handshake::Failed);
}

}  // namespace
}  // namespace merlon::tls
