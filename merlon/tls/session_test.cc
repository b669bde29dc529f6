#include "merlon/tls/session.h"

#include <random>

#include <gtest/gtest.h>

#include "merlon/tls/testing/memory_stream.h"
#include "merlon/tls/testing/pki.h"

namespace merlon::tls {
namespace {

using Handshake = Session::Handshake;
using os::Errno;
using testing::Authority;
using testing::MemoryStream;
using testing::Wire;

std::int64_t in_time() { return testing::made_at + 60; }

struct Wires {
  std::shared_ptr<Wire> up = std::make_shared<Wire>();    // client to server
  std::shared_ptr<Wire> down = std::make_shared<Wire>();  // server to client

  std::unique_ptr<net::Stream> client() const { return std::make_unique<MemoryStream>(down, up); }
  std::unique_ptr<net::Stream> server() const { return std::make_unique<MemoryStream>(up, down); }
};

struct Pair {
  Wires wires;
  std::unique_ptr<Session> client, server;

  /// Whether both sides come to the end of the handshake.
  bool shake() {
    for (int i = 0; i < 100'000; ++i) {
      const Handshake one = client->shake();
      const Handshake other = server->shake();
      if (one == Handshake::Failed || other == Handshake::Failed) return false;
      if (one == Handshake::Done && other == Handshake::Done) return true;
      client->flush();
      server->flush();
    }
    return false;
  }
};

struct World {
  Authority authority{"Test CA"};
  testing::Holder server = authority.issue({"keep.example"}, crypto::KeyKind::P384);
  ServerSettings server_settings{server.identity(), ClientCertificate::None, {}, {}, &in_time};
  ClientSettings client_settings{{}, {authority.root()}, {}, &in_time};
  std::string name = "keep.example";

  Pair pair() const {
    Pair made;
    made.server =
        Session::accept(Context::server(server_settings).value(), made.wires.server()).value();
    made.client =
        Session::connect(Context::client(client_settings).value(), made.wires.client(), name)
            .value();
    return made;
  }
};

std::string read(Session& session, std::size_t most = 1U << 20U, bool peek = false) {
  std::string room(most, '\0');
  const std::array vectors{::iovec{room.data(), room.size()}};
  const auto got = session.receive(vectors, {.peek = peek});
  if (!got) return got.error() == Errno::Again ? "AGAIN" : "ERROR";
  room.resize(got->size);
  return room;
}

std::size_t write(Session& session, std::string_view text) {
  std::string copy(text);
  const std::array vectors{::iovec{copy.data(), copy.size()}};
  return session.send(vectors).value_or(0U);
}

TEST(Session, CarriesBytesBothWaysUnderTls13) {
  Pair pair = World().pair();
  ASSERT_TRUE(pair.shake()) << pair.client->trouble() << " / " << pair.server->trouble();
  EXPECT_EQ(write(*pair.client, "hello"), 5U);
  EXPECT_EQ(read(*pair.server, 64, true), "hello");
  EXPECT_EQ(read(*pair.server), "hello");
  EXPECT_EQ(read(*pair.server), "AGAIN");
  EXPECT_EQ(write(*pair.server, "back"), 4U);
  EXPECT_EQ(read(*pair.client), "back");
  EXPECT_TRUE(pair.server->peer_certificate().empty());
  EXPECT_FALSE(pair.client->peer_certificate().empty());
}

TEST(Session, TellsByWhomThePeerWasVerified) {
  World world;
  const testing::Holder client = world.authority.issue({"client.example"});
  world.server_settings.client = ClientCertificate::Request;
  world.server_settings.trust = {world.authority.root()};
  Pair unknown = world.pair();
  EXPECT_TRUE(unknown.client->verified_chain().empty()) << "before the handshake";
  ASSERT_TRUE(unknown.shake());
  EXPECT_TRUE(unknown.server->verified_chain().empty()) << "nobody has shown anything";
  EXPECT_EQ(unknown.client->verified_chain(),
            (std::vector{world.server.chain.front(), world.authority.root()}));
  world.client_settings.identity = client.identity();
  Pair known = world.pair();
  ASSERT_TRUE(known.shake());
  EXPECT_EQ(known.server->verified_chain(),
            (std::vector{client.chain.front(), world.authority.root()}));
}

TEST(Session, BothEndsExportTheSameAndNoOtherConnectionDoes) {
  const World world;
  Pair pair = world.pair();
  EXPECT_FALSE(pair.client->exported("EXPORTER-Channel-Binding", 32)) << "before the handshake";
  ASSERT_TRUE(pair.shake());
  const auto ours = pair.client->exported("EXPORTER-Channel-Binding", 32).value();
  EXPECT_EQ(ours.size(), 32U);
  EXPECT_EQ(ours, pair.server->exported("EXPORTER-Channel-Binding", 32).value());
  EXPECT_NE(ours, pair.server->exported("EXPORTER-other", 32).value());
  Pair other = world.pair();
  ASSERT_TRUE(other.shake());
  EXPECT_NE(ours, other.client->exported("EXPORTER-Channel-Binding", 32).value());
}

TEST(Session, RefusesAServerOfAnotherNameOrAuthority) {
  World world;
  world.name = "other.example";
  Pair other = world.pair();
  EXPECT_FALSE(other.shake());
  EXPECT_NE(other.client->trouble().find("mismatch"), std::string::npos) << other.client->trouble();
  World stranger;
  stranger.client_settings.trust = {Authority("Somebody").root()};
  Pair unknown = stranger.pair();
  EXPECT_FALSE(unknown.shake());
  EXPECT_NE(unknown.client->trouble().find("certificate"), std::string::npos);
  EXPECT_EQ(write(*unknown.client, "secret"), 0U);
  EXPECT_EQ(read(*unknown.client), "ERROR");
}

TEST(Session, WhoIsCalledByAnAddressIsHeldAgainstAddresses) {
  const std::string v6 = "\x20\x01\x0d\xb8" + std::string(11, '\0') + "\x07";
  const auto is_taken = [&](const char* name) {
    World world;
    world.server =
        world.authority.issue({"ip:\xC0" + std::string("\0\2\7", 3), "ip:" + v6, "192.0.2.9"});
    world.server_settings.identity = world.server.identity();
    world.name = name;
    return world.pair().shake();
  };
  EXPECT_TRUE(is_taken("192.0.2.7"));
  EXPECT_TRUE(is_taken("2001:db8::7"));
  EXPECT_TRUE(is_taken("2001:0db8:0:0::0:7"));
  EXPECT_FALSE(is_taken("192.0.2.8"));
  EXPECT_FALSE(is_taken("2001:db8::8"));
  // No name is an address, whatever it looks like.
  EXPECT_FALSE(is_taken("192.0.2.9"));
  EXPECT_FALSE(is_taken("192.0.2.07"));
}

TEST(Session, JudgesCertificatesByTheClockThatItIsGiven) {
  for (const std::int64_t now : {testing::made_at - 1, testing::valid_until + 1}) {
    World world;
    world.client_settings.now = [now] { return now; };
    Pair pair = world.pair();
    EXPECT_FALSE(pair.shake()) << now;
  }
}

TEST(Session, AsksClientsForCertificates) {
  World world;
  Authority clients("Clients");
  const testing::Holder client = clients.issue({"client.example"});
  world.server_settings.client = ClientCertificate::Require;
  world.server_settings.trust = {clients.root()};
  // TLS 1.3: the client learns of a refusal when it reads.
  Pair without = world.pair();
  EXPECT_FALSE(without.shake() && read(*without.client) != "ERROR");
  EXPECT_EQ(without.server->shake(), Handshake::Failed);
  world.client_settings.identity = client.identity();
  Pair with = world.pair();
  ASSERT_TRUE(with.shake()) << with.server->trouble();
  EXPECT_EQ(with.server->peer_certificate(), client.chain[0]);
  const testing::Holder stranger = Authority("Others").issue({"client.example"});
  world.client_settings.identity = stranger.identity();
  world.server_settings.client = ClientCertificate::Request;
  Pair wrong = world.pair();
  static_cast<void>(wrong.shake());
  EXPECT_EQ(wrong.server->shake(), Handshake::Failed);
  world.client_settings.identity = {};
  Pair none = world.pair();
  EXPECT_TRUE(none.shake());
}

TEST(Session, AgreesOnAProtocol) {
  World world;
  world.server_settings.alpn = {"h2", "http/1.1"};
  world.client_settings.alpn = {"http/1.1"};
  Pair pair = world.pair();
  ASSERT_TRUE(pair.shake());
  EXPECT_EQ(pair.server->protocol(), "http/1.1");
  EXPECT_EQ(pair.client->protocol(), "http/1.1");
  world.client_settings.alpn = {"smtp"};
  Pair none = world.pair();
  EXPECT_FALSE(none.shake());
}

TEST(Session, TellsAnEndFromACut) {
  Pair pair = World().pair();
  ASSERT_TRUE(pair.shake());
  ASSERT_EQ(write(*pair.client, "last"), 4U);
  ASSERT_TRUE(pair.client->shut_down(false, true));
  EXPECT_EQ(write(*pair.client, "more"), 0U);
  EXPECT_EQ(read(*pair.server), "last");
  EXPECT_EQ(pair.server->look(net::Side::Read).hung_up, true);
  EXPECT_EQ(read(*pair.server), "");  // the end
  EXPECT_EQ(write(*pair.server, "half-open"), 9U);
  EXPECT_EQ(read(*pair.client), "half-open");
  Pair cut = World().pair();
  ASSERT_TRUE(cut.shake());
  ASSERT_EQ(write(*cut.client, "last"), 4U);
  cut.client.reset();  // without a word
  EXPECT_EQ(read(*cut.server), "last");
  EXPECT_EQ(read(*cut.server), "ERROR");
}

TEST(Session, SeesWhatItHasReadAhead) {
  Pair pair = World().pair();
  ASSERT_TRUE(pair.shake());
  ASSERT_EQ(write(*pair.client, "0123456789"), 10U);
  EXPECT_EQ(read(*pair.server, 4), "0123");
  EXPECT_TRUE(pair.wires.up->bytes.empty());  // nobody who polls the descriptor would see the rest
  const net::Readiness ready = pair.server->look(net::Side::Read);
  EXPECT_EQ(ready.known, net::Readiness::Known::Yes);
  EXPECT_EQ(ready.bytes, 6U);
  EXPECT_EQ(read(*pair.server), "456789");
  EXPECT_EQ(pair.server->look(net::Side::Read).known, net::Readiness::Known::No);
}

TEST(Session, TakesNoMoreThanItCanHold) {
  Pair pair = World().pair();
  ASSERT_TRUE(pair.shake());
  pair.wires.up->room = 1000;
  const std::string much(1U << 20U, 'x');
  const std::size_t taken = write(*pair.client, much);
  EXPECT_GT(taken, 0U);
  EXPECT_LT(taken, 200'000U);
  EXPECT_TRUE(pair.client->has_unsent());
  EXPECT_EQ(pair.client->look(net::Side::Write).known, net::Readiness::Known::No);
  EXPECT_NE(pair.client->awaits(net::Side::Read) & POLLOUT, 0);
  EXPECT_EQ(write(*pair.client, "y"), 0U);
  ASSERT_TRUE(pair.client->shut_down(false, true));
  std::string all;
  for (int i = 0; i < 1'000'000 && all.size() < taken; ++i) {
    const std::string some = read(*pair.server);
    if (some != "AGAIN") all += some;
    pair.client->flush();
  }
  EXPECT_EQ(all, much.substr(0, taken));
  EXPECT_EQ(read(*pair.server), "");
}

/// Records cut anywhere and run together anyhow, with room for a few bytes: what arrives is what
/// was sent.
TEST(Session, DoesNotMindHowBytesArrive) {
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    Pair pair = World().pair();
    const auto pick = [&](std::size_t least, std::size_t most) {
      return std::uniform_int_distribution<std::size_t>(least, most)(random);
    };
    for (Wire* wire : {pair.wires.up.get(), pair.wires.down.get()}) {
      wire->at_once = pick(1, round % 3 == 0 ? 3 : 5000);
      wire->room = pick(1, 20'000);
    }
    ASSERT_TRUE(pair.shake()) << round << pair.client->trouble() << pair.server->trouble();
    std::string sent;
    std::string got;
    for (int i = 0; i < 20; ++i) {
      const std::string piece(pick(1, 30'000), static_cast<char>('a' + i));
      sent += piece.substr(0, write(*pair.client, piece));
      const std::string some = read(*pair.server, pick(1, 20'000));
      ASSERT_NE(some, "ERROR");
      if (some != "AGAIN") got += some;
    }
    for (int i = 0; i < 5'000'000 && got.size() < sent.size(); ++i) {
      pair.client->flush();
      const std::string some = read(*pair.server, 20'000);
      ASSERT_NE(some, "ERROR");
      if (some != "AGAIN") got += some;
    }
    ASSERT_EQ(got, sent) << round;
  }
}

/// Whatever is changed on the way, no byte comes out that was not sent, and nothing breaks.
TEST(Session, GivesNothingOfWhatWasAltered) {
  std::mt19937 random(8);
  for (int round = 0; round < 400; ++round) {
    Pair pair = World().pair();
    const bool late = round % 2 == 0;
    if (late) {
      ASSERT_TRUE(pair.shake());
      ASSERT_EQ(write(*pair.client, "hello, world"), 12U);
    } else {
      static_cast<void>(pair.client->shake());
    }
    auto& bytes = pair.wires.up->bytes;
    ASSERT_FALSE(bytes.empty());
    bytes[random() % bytes.size()] ^= static_cast<std::uint8_t>(1U << random() % 8);
    if (late) {
      const std::string got = read(*pair.server);
      EXPECT_TRUE(got == "ERROR" || got == "AGAIN") << got;
    } else {
      EXPECT_FALSE(pair.shake() && read(*pair.server) != "AGAIN");
    }
  }
}

/// What the other side sends that is not even TLS, and TLS of another version.
TEST(Session, RefusesWhatIsNoTls13) {
  for (const std::string& said : {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(5000, '\0'),
                                  std::string("\x16\x03\x01")}) {
    Pair pair = World().pair();
    pair.wires.up->bytes.assign(said.begin(), said.end());
    pair.wires.up->ended = true;
    EXPECT_EQ(pair.server->shake(), Handshake::Failed);
    EXPECT_EQ(read(*pair.server), "ERROR");
  }
}

}  // namespace
}  // namespace merlon::tls
