#include "merlon/database/postgres.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "merlon/base/text.h"
#include "merlon/database/libpq.h"
#include "merlon/database/testing/postgres_server.h"

namespace merlon::database {
namespace {

using base::concat;
using testing::PostgresServer;

// ---- without a server ----

TEST(PostgresLibrary, ThatIsMissingIsNamedWithItsPackage) {
  const auto none = Libpq::load("libpq.so.none");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, Failure::Kind::Unavailable);
  EXPECT_NE(none.error().text.find("libpq5"), std::string::npos);
  EXPECT_EQ(none.error().text.find('\n'), std::string::npos);
}

class PostgresUrl : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Libpq::load()) GTEST_SKIP() << "libpq is not installed (libpq5)";
  }
};

TEST_F(PostgresUrl, TellsWhetherItHoldsAPassword) {
  EXPECT_FALSE(*holds_password("postgresql://me@host/db"));
  EXPECT_TRUE(*holds_password("postgresql://me:secret@host/db"));
  EXPECT_TRUE(*holds_password("postgres://me@host/db?password=secret"));
}

TEST_F(PostgresUrl, ThatIsNoneIsRefusedWithoutItsWords) {
  for (const char* url : {"postgresql://me:secret@[::1/db", "postgresql://h/d?secret=1",
                          "postgresql://me:secret%zz@h/d", "host=h password=secret", ""}) {
    const auto none = connect_postgres(url);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind, Failure::Kind::Broken);
    EXPECT_EQ(none.error().text.find("secret"), std::string::npos);
  }
}

TEST_F(PostgresUrl, ThatNobodyAnswersAtIsUnavailable) {
  const auto none = connect_postgres("postgresql://me:a-secret@%2Fnowhere/db");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, Failure::Kind::Unavailable);
  EXPECT_EQ(none.error().text.find("a-secret"), std::string::npos);
  EXPECT_EQ(none.error().text.find('\n'), std::string::npos);
}

// ---- with one ----

/// Between a client and the server, on a socket of its own; cuts the connection when it is told.
class Between {
 public:
  enum class Cut : std::uint8_t { Never, BeforeCommit, BehindCommit };

  explicit Between(const PostgresServer& server)
      : folder_(server.folder() + "/between"), to_(server.folder() + "/.s.PGSQL.5432") {
    ::mkdir(folder_.c_str(), 0777);
    const std::string path = folder_ + "/.s.PGSQL.5432";
    ::unlink(path.c_str());
    listener_ = ::socket(AF_UNIX, SOCK_STREAM, 0);
    const ::sockaddr_un address = address_of(path);
    // SAFETY: the kernel's own form of an address.
    EXPECT_EQ(::bind(listener_, reinterpret_cast<const ::sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 5), 0);
    thread_ = std::thread([this] { serve(); });
  }
  ~Between() {
    ends_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  Between(const Between&) = delete;
  Between& operator=(const Between&) = delete;

  [[nodiscard]] const std::string& folder() const { return folder_; }
  std::atomic<Cut> cut = Cut::Never;
  std::atomic<int> commits = 0;

 private:
  static ::sockaddr_un address_of(const std::string& path) {
    ::sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
  }

  void serve() {
    while (!ends_) {
      const int client = ::accept(listener_, nullptr, nullptr);
      if (client < 0) return;
      const int server = ::socket(AF_UNIX, SOCK_STREAM, 0);
      const ::sockaddr_un address = address_of(to_);
      // SAFETY: the kernel's own form of an address.
      EXPECT_EQ(::connect(server, reinterpret_cast<const ::sockaddr*>(&address), sizeof address),
                0);
      carry(client, server);
      ::close(client);
      ::close(server);
    }
  }

  void carry(int client, int server) {
    std::array<char, 65536> room{};
    while (!ends_) {
      std::array<::pollfd, 2> items{::pollfd{client, POLLIN, 0}, ::pollfd{server, POLLIN, 0}};
      ::poll(items.data(), items.size(), 20);
      for (const bool from_client : {true, false}) {
        if (items[from_client ? 0 : 1].revents == 0) continue;
        const ::ssize_t size = ::read(from_client ? client : server, room.data(), room.size());
        if (size <= 0) return;
        const std::string_view said(room.data(), static_cast<std::size_t>(size));
        const bool commits_now = from_client && said.find("COMMIT") != std::string_view::npos;
        if (commits_now) ++commits;
        if (commits_now && cut == Cut::BeforeCommit) return;
        EXPECT_EQ(::write(from_client ? server : client, room.data(), said.size()), size);
        if (commits_now && cut == Cut::BehindCommit) {
          static_cast<void>(::read(server, room.data(), room.size()));  // it was done
          return;
        }
      }
    }
  }

  std::string folder_;
  std::string to_;
  int listener_ = -1;
  std::atomic<bool> ends_ = false;
  std::thread thread_;
};

class Postgres : public ::testing::Test {
 protected:
  void SetUp() override {
    server = PostgresServer::shared();
    if (server == nullptr) GTEST_SKIP() << "PostgreSQL 15 is not installed (postgresql-15)";
    url = server->new_url();
    ASSERT_TRUE(write("CREATE TABLE t (n BIGINT)"));
  }

  Result<Rows> write(std::string_view statement) {
    return database.transact(Mode::Write, [&](Connection& in) { return in.run(statement, {}); });
  }
  std::size_t count() { return write("SELECT n FROM t")->size(); }

  PostgresServer* server = nullptr;
  std::string url;
  Database database{[this] { return connect_postgres(url); }};
};

TEST_F(Postgres, ACommitWhoseAnswerIsLostIsUnknownAndNotDoneTwice) {
  Between between(*server);
  const std::string schema = url.substr(url.rfind("%3D") + 3);
  Database other([&] { return connect_postgres(server->url(schema, between.folder())); });
  int tries = 0;
  const auto add = [&](Connection& in) {
    ++tries;
    return in.run("INSERT INTO t VALUES (1)", {});
  };
  for (const auto cut : {Between::Cut::BehindCommit, Between::Cut::BeforeCommit}) {
    between.cut = cut;
    between.commits = 0;
    tries = 0;
    const std::size_t before = count();
    const auto told = other.transact(Mode::Write, add);
    ASSERT_FALSE(told);
    EXPECT_EQ(told.error().kind, Failure::Kind::Unknown) << told.error().text;
    EXPECT_EQ(tries, 1);
    EXPECT_EQ(between.commits, 1);
    EXPECT_EQ(count(), before + (cut == Between::Cut::BehindCommit ? 1U : 0U));
  }
  between.cut = Between::Cut::Never;
  EXPECT_TRUE(other.transact(Mode::Write, add));
}

TEST_F(Postgres, AServerThatCameBackIsUsedAgain) {
  ASSERT_TRUE(write("INSERT INTO t VALUES (1)"));
  server->restart();
  EXPECT_EQ(count(), 1U);  // over a connection that had ended
}

TEST_F(Postgres, AStatementThatTakesTooLongIsGivenUp) {
  const auto slow = database.transact(Mode::Write, [&](Connection& in) -> Result<void> {
    TRY(in.run("SET LOCAL statement_timeout = 20", {}));
    TRY(in.run("SELECT 1 FROM pg_sleep(100)", {}));
    return {};
  });
  ASSERT_FALSE(slow);
  EXPECT_EQ(slow.error().kind, Failure::Kind::Unavailable);
  EXPECT_TRUE(write("SELECT 1"));
}

TEST_F(Postgres, WhatNoStatementOfOursHasIsRefused) {
  for (const char* each :
       {"SELECT 1.5", "SELECT now()", "SELECT n FROM generate_series(1, 1000001) n"}) {
    const auto refused = write(each);
    ASSERT_FALSE(refused) << each;
    EXPECT_EQ(refused.error().kind, Failure::Kind::Broken);
  }
  EXPECT_TRUE(write("SELECT 1"));
}

TEST_F(Postgres, ATransactionThatFailedInsideIsNotToldAsDone) {
  const auto swallowed = database.transact(Mode::Write, [&](Connection& in) -> Result<void> {
    TRY(in.run("INSERT INTO t VALUES (7)", {}));
    EXPECT_FALSE(in.run("INSERT INTO nowhere VALUES (7)", {}));
    return {};
  });
  EXPECT_FALSE(swallowed);
  EXPECT_EQ(count(), 0U);
}

TEST_F(Postgres, TextsThatItCannotHoldAreRefusedWithoutTheirBytes) {
  for (const std::string& text : {std::string("secret\0", 7), std::string("secret\xFF")}) {
    const auto refused = database.transact(Mode::Write, [&](Connection& in) {
      return in.run("SELECT 1 FROM t WHERE $1 = ''", {text});
    });
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Failure::Kind::Broken);
    EXPECT_EQ(refused.error().text.find("secret"), std::string::npos) << refused.error().text;
  }
}

}  // namespace
}  // namespace merlon::database
