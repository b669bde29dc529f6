#include "merlon/database/sqlite.h"

#include <cstdlib>
#include <filesystem>
#include <latch>
#include <string>
#include <thread>
#include <vector>

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

TEST_F(Sqlite, AWatchSeesWhatAnybodyHasChanged) {
  const auto watch = watch_sqlite(folder + "/db");
  ASSERT_TRUE(watch) << watch.error().text;
  Database another([this] { return connect_sqlite(folder + "/db"); });
  auto before = (*watch)->version();
  ASSERT_TRUE(before);
  EXPECT_EQ((*watch)->version(), before);
  for (Database* each : {&database, &another, &database}) {
    ASSERT_TRUE(each->transact(Mode::Write, [](Connection& in) {
      return in.run("INSERT INTO t VALUES (hex(randomblob(8)), 7, NULL)", {});
    }));
    const auto now = (*watch)->version();
    ASSERT_TRUE(now);
    EXPECT_NE(now, before);
    before = now;
  }
  ASSERT_TRUE(read("SELECT n FROM t"));
  EXPECT_EQ((*watch)->version(), before);
  static_cast<void>(database.transact(Mode::Write, [](Connection& in) -> Result<Rows> {
    static_cast<void>(in.run("INSERT INTO t VALUES ('b', 7, NULL)", {}));
    EXPECT_TRUE(in.run("SELECT n FROM t", {}));
    return Failure{Failure::Kind::Broken, "not this"};
  }));
  EXPECT_EQ((*watch)->version(), before);
  EXPECT_FALSE(watch_sqlite(folder + "/none"));
}

TEST_F(Sqlite, AFileIsMadeByManyThatComeAtOnce) {
  for (int round = 0; round < 20; ++round) {
    const std::string path = folder + "/new" + std::to_string(round);
    std::latch all(8);
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        all.arrive_and_wait();
        const auto connected = connect_sqlite(path);
        EXPECT_TRUE(connected) << connected.error().text;
      });
    }
    for (std::thread& each : threads) each.join();
  }
}

TEST(SqliteFile, ThatCannotBeIsUnavailable) {
  const auto none = connect_sqlite("/nowhere/at/all");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, Failure::Kind::Unavailable);
}

}  // namespace
}  // namespace merlon::database
