#include "merlon/database/sqlite.h"

#include <cstdlib>
#include <filesystem>
#include <thread>

#include <gtest/gtest.h>

namespace merlon::database {
namespace {

class OnDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "database_XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
    const auto made = database.transact(Mode::Write, [](Connection& in) {
      return in.run("CREATE TABLE t (k TEXT PRIMARY KEY, n BIGINT, b BYTEA)", {});
    });
    ASSERT_TRUE(made) << made.error().text;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  [[nodiscard]] Result<Rows> read(std::string_view statement) {
    return database.transact(Mode::Read, [&](Connection& in) { return in.run(statement, {}); });
  }

  std::string folder;
  Database database{[this] { return connect_sqlite(folder + "/db"); }};
};

using Sqlite = OnDisk;

TEST_F(Sqlite, GivesWhatItWasGiven) {
  const Bytes bytes{0, 1, 255};
  const std::string with_zero("a\0b", 3);
  const auto put = database.transact(Mode::Write, [&](Connection& in) -> Result<void> {
    TRY(in.run("INSERT INTO t VALUES ($1, $2, $3)", {with_zero, std::int64_t{INT64_MIN}, bytes}));
    TRY(in.run("INSERT INTO t VALUES ($1, $2, $3)", {std::string("z"), Value(), Bytes()}));
    return {};
  });
  ASSERT_TRUE(put) << put.error().text;
  const auto rows = read("SELECT k, n, b FROM t ORDER BY k");
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ(text((*rows)[0], 0), with_zero);
  EXPECT_EQ(integer((*rows)[0], 1), INT64_MIN);
  EXPECT_EQ(database::bytes((*rows)[0], 2), bytes);
  EXPECT_TRUE(is_null((*rows)[1], 1));
  EXPECT_FALSE(is_null((*rows)[1], 2));
  EXPECT_EQ(integer((*rows)[1], 0), 0);  // of another kind
  EXPECT_EQ(text((*rows)[1], 9), "");    // beyond the row
}

TEST_F(Sqlite, NothingStandsOfATransactionThatFailed) {
  const auto failed = database.transact(Mode::Write, [](Connection& in) -> Result<void> {
    TRY(in.run("INSERT INTO t VALUES ('a', 1, NULL)", {}));
    return Failure{Failure::Kind::Broken, "no"};
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().text, "no");
  EXPECT_TRUE(read("SELECT * FROM t")->empty());
}

TEST_F(Sqlite, AConflictIsTriedAgain) {
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

TEST_F(Sqlite, ABadStatementSaysSoAndBreaksNothing) {
  const auto bad = read("SELECT nothing FROM nowhere");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().kind, Failure::Kind::Broken);
  EXPECT_TRUE(read("SELECT * FROM t"));
}

TEST_F(Sqlite, ManyThreadsCountAsOneAfterTheOther) {
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

TEST_F(Sqlite, ABackupHasAllOfIt) {
  ASSERT_TRUE(database.transact(Mode::Write, [](Connection& in) {
    return in.run("INSERT INTO t VALUES ('a', 7, NULL)", {});
  }));
  ASSERT_TRUE(back_up_sqlite(folder + "/db", folder + "/copy"));
  Database copy([this] { return connect_sqlite(folder + "/copy"); });
  const auto rows =
      copy.transact(Mode::Read, [](Connection& in) { return in.run("SELECT n FROM t", {}); });
  ASSERT_TRUE(rows);
  EXPECT_EQ(integer(rows->at(0), 0), 7);
  EXPECT_FALSE(back_up_sqlite(folder + "/none", folder + "/copy2"));
}

TEST(SqliteFile, ThatCannotBeIsUnavailable) {
  const auto none = connect_sqlite("/nowhere/at/all");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, Failure::Kind::Unavailable);
}

}  // namespace
}  // namespace merlon::database
