// What connections take of memory is no more than what is counted for them.

#include <gtest/gtest.h>
#include <malloc.h>

#include "merlon/base/testing/limited_budget.h"
#include "merlon/tls/session.h"
#include "merlon/tls/testing/memory_stream.h"
#include "merlon/tls/testing/pki.h"

namespace merlon::tls {
namespace {

using Handshake = Session::Handshake;
using base::testing::LimitedBudget;
using os::Errno;
using testing::MemoryStream;
using testing::Wire;

constexpr std::uint64_t plenty = std::uint64_t{1} << 30U;

std::int64_t in_time() { return testing::made_at + 60; }

/// Bytes that this program has from malloc(); 0 under a sanitizer, which has its own.
std::uint64_t heap() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

struct Ends {
  std::shared_ptr<Wire> up = std::make_shared<Wire>();
  std::shared_ptr<Wire> down = std::make_shared<Wire>();
  std::unique_ptr<Session> client, server;

  bool shake() const {
    for (int i = 0; i < 20; ++i) {
      const Handshake one = client->shake();
      const Handshake other = server->shake();
      if (one == Handshake::Done && other == Handshake::Done) return true;
    }
    return false;
  }
};

/// Both sides show each other `count` certificates, of which all but their own have `size` bytes
/// that say nothing.
struct Peers {
  explicit Peers(std::size_t count = 1, std::size_t size = 0) {
    const auto nobody = authority.issue({"nobody.example", std::string(size, 'x')});
    own.chain.resize(count, nobody.chain.front());
  }
  Context server() const {
    return Context::server({.identity = own.identity(),
                            .client = ClientCertificate::Require,
                            .trust = {authority.root()},
                            .now = &in_time})
        .value();
  }
  Context client() const {
    return Context::client(
               {.identity = own.identity(), .trust = {authority.root()}, .now = &in_time})
        .value();
  }

  testing::Authority authority{"Test CA"};
  testing::Holder own = authority.issue({"keep.example"});
};

core::Result<Ends> between(const Context& server, const Context& client, LimitedBudget& memory) {
  Ends made;
  made.server =
      TRY(Session::accept(server, std::make_shared<MemoryStream>(made.up, made.down), &memory));
  made.client = TRY(Session::connect(client, std::make_shared<MemoryStream>(made.down, made.up),
                                     "keep.example", &memory));
  return made;
}

std::optional<Errno> write(Session& session, std::string text) {
  const std::array vectors{::iovec{text.data(), text.size()}};
  const auto put = session.send(vectors);
  return put ? std::nullopt : std::optional(put.error());
}

std::size_t read(Session& session) {
  std::array<char, 64> room{};
  const std::array vectors{::iovec{room.data(), room.size()}};
  const auto got = session.receive(vectors, {});
  return got ? got->size : 0;
}

/// With a record each way of which the end has not come.
void leave_half_a_record(const Ends& ends) {
  for (const auto& [from, to, wire] :
       {std::tuple(ends.client.get(), ends.server.get(), ends.up.get()),
        std::tuple(ends.server.get(), ends.client.get(), ends.down.get())}) {
    ASSERT_EQ(write(*from, "hello"), std::nullopt);
    wire->bytes.pop_back();
    ASSERT_EQ(read(*to), 0U);
  }
}

void expect_counted(std::size_t certificates, std::size_t size) {
  const Peers peers(certificates, size);
  const Context server = peers.server();
  const Context client = peers.client();
  LimitedBudget memory(plenty);
  constexpr std::size_t count = 16;
  std::vector<Ends> all;
  // What the library makes once for all is not what a connection takes.
  const auto first = between(server, client, memory);
  ASSERT_TRUE(first && first->shake());
  const std::uint64_t left = memory.left;
  const std::uint64_t before = heap();
  for (std::size_t i = 0; i < count; ++i) {
    all.push_back(between(server, client, memory).value());
    ASSERT_TRUE(all.back().shake()) << all.back().server->trouble();
    leave_half_a_record(all.back());
  }
  const std::uint64_t taken = heap() - before;
  EXPECT_LE(taken / count, (left - memory.left) / count) << certificates << " of " << size;
}

TEST(SessionMemory, IsCountedWhateverThePeerShows) {
  expect_counted(1, 0);
  expect_counted(10, 0);
  expect_counted(10, 6000);
  expect_counted(2, 60'000);
}

TEST(SessionMemory, IsCountedWhereAMessageHasOnlyBegun) {
  const Peers peers;
  const Context server = peers.server();
  LimitedBudget memory(plenty);
  constexpr std::size_t count = 16;
  std::vector<Ends> all(count);
  const std::uint64_t before = heap();
  for (Ends& each : all) {
    each.up->bytes = {22, 3, 1, 0, 5, 1, 2, 1, 0, 0};  // a ClientHello of 128 KiB
    each.server =
        Session::accept(server, std::make_shared<MemoryStream>(each.up, each.down), &memory)
            .value();
    ASSERT_EQ(each.server->shake(), Handshake::Waiting);
  }
  EXPECT_LE(heap() - before, plenty - memory.left);
  EXPECT_LE(plenty - memory.left, count * Session::most_memory);
}

TEST(SessionMemory, IsGivenBack) {
  const Peers peers;
  LimitedBudget memory(plenty);
  {
    auto ends = between(peers.server(), peers.client(), memory).value();
    const std::uint64_t shaking = memory.left;
    ASSERT_TRUE(ends.shake());
    EXPECT_GT(memory.left, shaking) << "the handshake is what takes most";
    ends.up->room = 0;
    const std::uint64_t idle = memory.left;
    ASSERT_EQ(write(*ends.client, std::string(100'000, 'x')), std::nullopt);
    EXPECT_LE(memory.left, idle - 65'536);
    ends.up->room = plenty;
    ends.client->flush();
    EXPECT_GE(memory.left, idle);
  }
  EXPECT_EQ(memory.left, plenty);
}

TEST(SessionMemory, ThatIsNotThereIsNotTaken) {
  const Peers peers;
  LimitedBudget little(Session::most_memory - 1);
  const auto none = between(peers.server(), peers.client(), little);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, core::ErrorCode::Exhausted);
  LimitedBudget memory(3 * Session::most_memory);
  const auto ends = between(peers.server(), peers.client(), memory).value();
  ASSERT_TRUE(ends.shake());
  const std::uint64_t left = std::exchange(memory.left, 0);
  EXPECT_EQ(write(*ends.client, std::string(20'000, 'x')), Errno::Nomem);
  memory.left = left;
  ASSERT_EQ(write(*ends.client, "hello"), std::nullopt);
  EXPECT_EQ(read(*ends.server), 5U) << "the connection is whole";
}

/// Whoever polls would ask again and again else.
TEST(SessionMemory, ThatIsNotThereIsNoRoomToWrite) {
  const Peers peers;
  LimitedBudget memory(plenty);
  const auto ends = between(peers.server(), peers.client(), memory).value();
  ASSERT_TRUE(ends.shake());
  ends.up->room = 0;
  ASSERT_EQ(write(*ends.client, "hello"), std::nullopt);
  EXPECT_EQ(ends.client->look(net::Side::Write).known, net::Readiness::Known::Yes);
  memory.left = 0;
  EXPECT_EQ(write(*ends.client, std::string(20'000, 'x')), Errno::Again);
  EXPECT_EQ(ends.client->look(net::Side::Write).known, net::Readiness::Known::No);
  ends.up->room = plenty;
  ends.client->flush();
  EXPECT_EQ(ends.client->look(net::Side::Write).known, net::Readiness::Known::Yes);
}

TEST(SessionMemory, OfCertificatesThatNobodyNeedsIsRefused) {
  const Peers peers(11);
  LimitedBudget memory(plenty);
  const auto ends = between(peers.server(), peers.client(), memory).value();
  EXPECT_FALSE(ends.shake());
  EXPECT_NE(ends.client->trouble().find("certificate chain too long"), std::string::npos)
      << ends.client->trouble();
}

}  // namespace
}  // namespace merlon::tls
