// What is true of each database.

#include <cstdlib>
#include <filesystem>
#include <thread>

#include <gtest/gtest.h>

#include "merlon/database/postgres.h"
#include "merlon/database/sqlite.h"
#include "merlon/database/testing/postgres_server.h"

namespace merlon::database {
namespace {

class EachDatabase : public ::testing::TestWithParam<Dialect> {
 protected:
  void SetUp() override {
    if (GetParam() == Dialect::Postgres) {
      testing::PostgresServer* const server = testing::PostgresServer::shared();
      if (server == nullptr) GTEST_SKIP() << "PostgreSQL 15 is not installed (postgresql-15)";
      url = server->new_url();
    } else {
      folder = ::testing::TempDir() + "database_XXXXXX";
      ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    }
    const auto made = database.transact(Mode::Write, [](Connection& in) {
      return in.run("CREATE TABLE t (k TEXT PRIMARY KEY, n BIGINT, b BYTEA)", {});
    });
    ASSERT_TRUE(made) << made.error().text;
  }
  void TearDown() override {
    if (!folder.empty()) std::filesystem::remove_all(folder);
  }

  [[nodiscard]] Result<std::unique_ptr<Connection>> connect() const {
    return url.empty() ? connect_sqlite(folder + "/db") : connect_postgres(url);
  }
  [[nodiscard]] Result<Rows> read(std::string_view statement) {
    return database.transact(Mode::Read, [&](Connection& in) { return in.run(statement, {}); });
  }

  std::string folder;
  std::string url;
  Database database{[this] { return connect(); }};
};

INSTANTIATE_TEST_SUITE_P(Databases, EachDatabase,
                         ::testing::Values(Dialect::Sqlite, Dialect::Postgres),
                         [](const auto& each) {
                           return each.param == Dialect::Sqlite ? "Sqlite" : "Postgres";
                         });

TEST_P(EachDatabase, GivesWhatItWasGiven) {
  const Bytes bytes{0, 1, 255};
  // PostgreSQL's texts have no byte of 0.
  const std::string odd = GetParam() == Dialect::Sqlite ? std::string("a\0b", 3) : "a\x7F\u00e9";
  const auto put = database.transact(Mode::Write, [&](Connection& in) -> Result<void> {
    TRY(in.run("INSERT INTO t VALUES ($1, $2, $3)", {odd, std::int64_t{INT64_MIN}, bytes}));
    TRY(in.run("INSERT INTO t VALUES ($1, $2, $3)", {std::string("z"), Value(), Bytes()}));
    return {};
  });
  ASSERT_TRUE(put) << put.error().text;
  const auto rows = read("SELECT k, n, b FROM t ORDER BY k");
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ(text((*rows)[0], 0), odd);
  EXPECT_EQ(integer((*rows)[0], 1), INT64_MIN);
  EXPECT_EQ(database::bytes((*rows)[0], 2), bytes);
  EXPECT_TRUE(is_null((*rows)[1], 1));
  EXPECT_FALSE(is_null((*rows)[1], 2));
  EXPECT_EQ(integer((*rows)[1], 0), 0);  // of another kind
  EXPECT_EQ(text((*rows)[1], 9), "");    // beyond the row
}

TEST_P(EachDatabase, NothingStandsOfATransactionThatFailed) {
  const auto failed = database.transact(Mode::Write, [](Connection& in) -> Result<void> {
    TRY(in.run("INSERT INTO t VALUES ('a', 1, NULL)", {}));
    return Failure{Failure::Kind::Broken, "no"};
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().text, "no");
  EXPECT_TRUE(read("SELECT * FROM t")->empty());
}

TEST_P(EachDatabase, AConflictIsTriedAgain) {
  int tries = 0;
  const auto done = database.transact(Mode::Write, [&](Connection& in) -> Result<void> {
    TRY(in.run("INSERT INTO t VALUES ('a', 1, NULL)", {}));
    if (++tries < 3) return Failure{Failure::Kind::Conflict, ""};
    return {};
  });
  EXPECT_TRUE(done);
  EXPECT_EQ(tries, 3);
  EXPECT_EQ(read("SELECT * FROM t")->size(), 1U);
}

TEST_P(EachDatabase, ABadStatementSaysSoAndBreaksNothing) {
  const auto bad = read("SELECT nothing FROM nowhere");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().kind, Failure::Kind::Broken);
  EXPECT_TRUE(read("SELECT * FROM t"));
}

TEST_P(EachDatabase, ManyThreadsCountAsOneAfterTheOther) {
  ASSERT_TRUE(database.transact(Mode::Write, [](Connection& in) {
    return in.run("INSERT INTO t VALUES ('n', 0, NULL)", {});
  }));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int j = 0; j < 25; ++j) {
        const auto done = database.transact(Mode::Write, [](Connection& in) -> Result<void> {
          const Rows rows = TRY(in.run("SELECT n FROM t WHERE k = 'n'", {}));
          TRY(in.run("UPDATE t SET n = $1 WHERE k = 'n'", {integer(rows.at(0), 0) + 1}));
          return {};
        });
        EXPECT_TRUE(done);
      }
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(integer(read("SELECT n FROM t")->at(0), 0), 100);
}

TEST_P(EachDatabase, OneThatIsThereAlreadyIsAFailureWithoutItsValue) {
  Failure::Kind kind{};
  const auto twice = database.transact(Mode::Write, [&](Connection& in) -> Result<void> {
    TRY(in.run("INSERT INTO t VALUES ($1, 1, NULL)", {std::string("a secret")}));
    const auto again = in.run("INSERT INTO t VALUES ($1, 1, NULL)", {std::string("a secret")});
    EXPECT_FALSE(again);
    kind = again.error().kind;
    EXPECT_EQ(again.error().text.find("secret"), std::string::npos) << again.error().text;
    return Failure{Failure::Kind::Broken, "no"};
  });
  EXPECT_FALSE(twice);
  // PostgreSQL says so as well where another transaction came between.
  EXPECT_EQ(kind, GetParam() == Dialect::Sqlite ? Failure::Kind::Broken : Failure::Kind::Conflict);
  EXPECT_TRUE(read("SELECT * FROM t")->empty());
}

TEST_P(EachDatabase, TwoThatReadTheSameAndWriteItAreNotBothRight) {
  auto first = *connect();
  auto second = *connect();
  const auto add_if_none = [](Connection& in, const char* key) -> Result<void> {
    const Rows rows = TRY(in.run("SELECT k FROM t WHERE k >= $1", {std::string()}));
    if (rows.empty()) TRY(in.run("INSERT INTO t VALUES ($1, 1, NULL)", {std::string(key)}));
    return {};
  };
  ASSERT_TRUE(first->begin(Mode::Write));
  ASSERT_TRUE(add_if_none(*first, "a"));
  if (GetParam() == Dialect::Sqlite) {
    ASSERT_TRUE(first->commit());
    return;  // a second one waits at its beginning
  }
  ASSERT_TRUE(second->begin(Mode::Write));
  auto other = add_if_none(*second, "b");
  ASSERT_TRUE(first->commit());
  if (other) other = second->commit();
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, Failure::Kind::Conflict);
  second->roll_back();
  EXPECT_EQ(read("SELECT k FROM t")->size(), 1U);
}

TEST_P(EachDatabase, AReaderWritesNothing) {
  if (GetParam() == Dialect::Sqlite) GTEST_SKIP() << "SQLite's readers may become writers";
  EXPECT_FALSE(read("INSERT INTO t VALUES ('a', 1, NULL)"));
  EXPECT_TRUE(read("SELECT * FROM t")->empty());
}

}  // namespace
}  // namespace merlon::database
