#include "merlon/release/store.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "merlon/database/sqlite.h"
#include "merlon/release/testing/world.h"

namespace merlon::release {
namespace {

using testing::Bytes;
using testing::deposit_for;
using testing::document;
using testing::Folder;
using testing::Keep;
using testing::Life;
using testing::now;
using testing::tenant;

template <typename T>
std::string code_of(const Outcome<T>& outcome) {
  return outcome ? std::string() : outcome.error().code;
}

class ReleaseStore : public ::testing::Test {
 protected:
  DepositId left(Life& life, std::string_view who = "alice", std::uint32_t releases = 3) {
    return life.broker()
        .deposit(tenant(who), document(deposit_for(keep_.policy(), releases)), now)
        .value()
        .id;
  }
  /// Somebody else's statement, without any key.
  void tamper(std::string_view statement) {
    database::Database database(
        [this] { return database::connect_sqlite(folder_.file("release.db")); });
    const auto done = database.transact(database::Mode::Write,
                                        [&](database::Connection& in) -> database::Result<bool> {
                                          TRY(in.run(statement, {}));
                                          return true;
                                        });
    ASSERT_TRUE(done) << done.error().text;
  }

  Folder folder_;
  Keep keep_;
};

TEST_F(ReleaseStore, ShowsAThiefOfItsFileNothingOfADeposit) {
  {
    Life life(folder_);
    left(life);
  }
  std::string all;
  for (const auto& each : std::filesystem::directory_iterator(folder_.file(""))) {
    std::ifstream file(each.path(), std::ios::binary);
    all.append(std::istreambuf_iterator<char>(file), {});
  }
  ASSERT_GT(all.size(), 1000U);
  for (const std::string_view secret :
       {"registry.example", "technologies", "some words", "\x5c\x5c\x5c\x5c\x5c\x5c\x5c\x5c",
        "PRIVATE KEY", "issuer.example", "alice", "wishes"}) {
    EXPECT_EQ(all.find(secret), std::string::npos) << secret;
  }
}

TEST_F(ReleaseStore, OpensUnderItsOwnKeyOnly) {
  {
    Life life(folder_);
  }
  const Life other(folder_, 2);
  EXPECT_FALSE(other.is_open());
  EXPECT_NE(other.trouble().find("--release-key"), std::string::npos) << other.trouble();
  EXPECT_TRUE(Life(folder_).is_open());
}

TEST_F(ReleaseStore, NoticesWhatSomebodyElseChanges) {
  {
    Life life(folder_);
    const auto id = left(life);
    const auto changed = document(deposit_for(keep_.policy(), 9));
    ASSERT_TRUE(life.broker().change(tenant(), id, changed, now));
    ASSERT_TRUE(life.release(id, keep_));
    const auto removed = left(life);
    ASSERT_TRUE(life.broker().remove(tenant(), removed, now));
  }
  const std::string sound = folder_.file("sound.db");
  std::filesystem::copy_file(folder_.file("release.db"), sound);
  for (const std::string_view statement :
       {"UPDATE release_deposits SET released = 0", "UPDATE release_deposits SET version = 1",
        "UPDATE release_deposits SET earlier = released", "UPDATE release_deposits SET removed = 0",
        "UPDATE release_deposits SET until = until + 9",
        "UPDATE release_deposits SET created = created + 9",
        "UPDATE release_deposits SET sealed = (SELECT max(sealed) FROM release_deposits)",
        "UPDATE release_deposits SET tenant = 'ab'", "DELETE FROM release_deposits",
        "DELETE FROM release_answers",
        "INSERT INTO release_answers SELECT 'ab', deposit FROM release_answers",
        "UPDATE release_answers SET deposit = 'ab'", "UPDATE release_tenants SET sealed = x'00'",
        "DELETE FROM release_tenants", "UPDATE release_state SET sequence = sequence + 1",
        "DELETE FROM release_state"}) {
    tamper(statement);
    EXPECT_FALSE(Life(folder_).is_open()) << statement;
    std::filesystem::remove(folder_.file("release.db-wal"));
    std::filesystem::copy_file(sound, folder_.file("release.db"),
                               std::filesystem::copy_options::overwrite_existing);
  }
  EXPECT_TRUE(Life(folder_).is_open());
}

TEST_F(ReleaseStore, GivesNothingWhereOneTenantsRowHoldsAnothers) {
  Life life(folder_);
  const auto alice = left(life, "alice");
  const auto bob = left(life, "bob");
  ASSERT_TRUE(life.broker().challenge(alice, now));
  tamper("UPDATE release_deposits SET sealed = (SELECT max(sealed) FROM release_deposits)");
  const auto of_alice = code_of(life.broker().challenge(alice, now));
  const auto of_bob = code_of(life.broker().challenge(bob, now));
  EXPECT_NE(of_alice, of_bob);
  EXPECT_TRUE(of_alice == "release.rolled-back" || of_bob == "release.rolled-back");
}

TEST_F(ReleaseStore, CountsNothingInAStoreThatWasChangedWhileItServes) {
  Life life(folder_);
  const auto id = left(life, "alice", 1);
  EXPECT_TRUE(life.release(id, keep_));
  tamper("UPDATE release_deposits SET released = 0");
  EXPECT_EQ(code_of(life.release(id, keep_)), "release.rolled-back");
}

TEST_F(ReleaseStore, TakesNobodysWordThatADepositIsOver) {
  Life life(folder_);
  left(life);
  tamper("UPDATE release_deposits SET until = 0");
  const auto another = document(deposit_for(keep_.policy()));
  EXPECT_EQ(code_of(life.broker().deposit(tenant(), another, now)), "release.rolled-back");
}

/// The claim of a keep by a challenge of its own, which may be brought again.
struct Brought {
  Bytes bytes;
  Outcome<Released> operator()(Life& life, const DepositId& id, const Keep& keep) const {
    verify::Memory seen;
    const auto own = keep.own();
    return life.broker().release(id, bytes, {own, verify::Moment::by_clock(now, {})}, now, seen);
  }
};
Brought brought(Life& life, const DepositId& id, const Keep& keep) {
  const auto invitation = life.broker().challenge(id, now).value();
  return {encode(Claim{invitation.token, keep.proof(invitation.nonce)}).value()};
}

TEST_F(ReleaseStore, AnswersNoChallengeTwiceWhereTheNoteOfItIsTakenAway) {
  Life life(folder_);
  const auto id = left(life, "alice", 9);
  const Brought claim = brought(life, id, keep_);
  ASSERT_TRUE(claim(life, id, keep_));
  ASSERT_TRUE(life.release(id, keep_));
  tamper("CREATE TABLE taken AS SELECT * FROM release_answers");
  tamper("DELETE FROM release_answers");
  // Once to be counted out, and once more with what that noted taken away as well.
  EXPECT_EQ(code_of(claim(life, id, keep_)), "release.rolled-back");
  EXPECT_EQ(code_of(claim(life, id, keep_)), "release.rolled-back");
  EXPECT_EQ(code_of(life.release(id, keep_)), "release.rolled-back");
  tamper("INSERT INTO release_answers SELECT * FROM taken");
  EXPECT_EQ(code_of(claim(life, id, keep_)), "release.answered");
  EXPECT_TRUE(life.release(id, keep_));
}

TEST_F(ReleaseStore, NoticesPairsThatWouldCancelThemselves) {
  {
    Life life(folder_);
    const auto id = left(life, "alice", 9);
    left(life, "bob");
    ASSERT_TRUE(life.release(id, keep_));
    ASSERT_TRUE(life.release(id, keep_));
  }
  const std::string sound = folder_.file("sound.db");
  std::filesystem::copy_file(folder_.file("release.db"), sound);
  const auto twice = [&](const std::string& table, const std::string& which) {
    // Without its rule that no row stands twice.
    tamper("CREATE TABLE again AS SELECT * FROM " + table);
    tamper("DROP TABLE " + table);
    tamper("CREATE TABLE " + table + " AS SELECT * FROM again");
    EXPECT_TRUE(Life(folder_).is_open()) << table;
    tamper("INSERT INTO " + table + " SELECT * FROM again" + which);
    EXPECT_FALSE(Life(folder_).is_open()) << table << which;
    tamper("INSERT INTO " + table + " SELECT * FROM again" + which);
    EXPECT_FALSE(Life(folder_).is_open()) << table << which;
    std::filesystem::remove(folder_.file("release.db-wal"));
    std::filesystem::copy_file(sound, folder_.file("release.db"),
                               std::filesystem::copy_options::overwrite_existing);
  };
  for (const char* const table : {"release_answers", "release_deposits", "release_tenants"}) {
    twice(table, "");
    twice(table, " LIMIT 1");
  }
  EXPECT_TRUE(Life(folder_).is_open());
}

TEST_F(ReleaseStore, BindsWhatIsSealedToItsRow) {
  Life life(folder_);
  const auto id = left(life, "alice", 9);
  const auto changed = document(deposit_for(keep_.policy(), 8));
  tamper("CREATE TABLE kept AS SELECT * FROM release_deposits");
  ASSERT_TRUE(life.broker().change(tenant(), id, changed, now));
  tamper("UPDATE release_deposits SET sealed = (SELECT sealed FROM kept)");
  EXPECT_EQ(code_of(life.broker().change(tenant(), id, changed, now)), "release.rolled-back");
  EXPECT_EQ(code_of(life.broker().remove(tenant(), id, now)), "release.rolled-back");
  EXPECT_FALSE(Life(folder_).is_open());
}

TEST_F(ReleaseStore, NoticesThatItWasPutBack) {
  const std::string copy = folder_.file("copy.db");
  DepositId id;
  {
    Life life(folder_);
    id = left(life, "alice", 1);
  }
  std::filesystem::copy_file(folder_.file("release.db"), copy);
  {
    Life life(folder_);
    EXPECT_TRUE(life.release(id, keep_));
  }
  std::filesystem::remove(folder_.file("release.db-wal"));
  std::filesystem::rename(copy, folder_.file("release.db"));
  const Life back(folder_);
  EXPECT_FALSE(back.is_open());
  EXPECT_NE(back.trouble().find("put back"), std::string::npos) << back.trouble();
}

TEST_F(ReleaseStore, NoticesThatItIsGone) {
  {
    Life life(folder_);
    left(life);
  }
  std::filesystem::remove(folder_.file("release.db"));
  EXPECT_FALSE(Life(folder_).is_open());
}

TEST_F(ReleaseStore, GoesOnWhereItEndedBetweenTheStoreAndTheMark) {
  DepositId id;
  const std::string copy = folder_.file("copy");
  {
    Life life(folder_);
    id = left(life, "alice", 2);
    std::filesystem::copy_file(folder_.file("release.mark"), copy);
    EXPECT_TRUE(life.release(id, keep_));
  }
  std::filesystem::rename(copy, folder_.file("release.mark"));
  Life again(folder_);
  ASSERT_TRUE(again.is_open()) << again.trouble();
  EXPECT_TRUE(again.release(id, keep_));
  EXPECT_EQ(code_of(again.release(id, keep_)), "release.exhausted");
}

TEST_F(ReleaseStore, SaysNothingIsThereWhereTheMarkIsDamaged) {
  {
    Life life(folder_);
  }
  std::ofstream(folder_.file("release.mark")) << "many";
  EXPECT_FALSE(Life(folder_).is_open());
}

TEST_F(ReleaseStore, LetsNoTwoThreadsHaveTheLastOne) {
  Life life(folder_);
  constexpr std::uint32_t allowed = 5;
  const auto id = left(life, "alice", allowed);
  std::atomic<std::uint32_t> given{0};
  std::vector<std::thread> hosts;
  for (int i = 0; i < 4; ++i) {
    hosts.emplace_back([&] {
      for (int j = 0; j < 4; ++j) {
        if (life.release(id, keep_)) ++given;
      }
    });
  }
  for (std::thread& each : hosts) each.join();
  EXPECT_EQ(given.load(), allowed);
  EXPECT_EQ(life.broker().show(tenant(), id).value().left, 0U);
}

}  // namespace
}  // namespace merlon::release
