#include "merlon/shim/linux/ledger.h"

#include <array>
#include <initializer_list>
#include <map>
#include <memory>
#include <random>

#include <gtest/gtest.h>

namespace merlon::shim::linux {
namespace {

constexpr std::uint64_t page = 4096;

/// A ledger is large: not for the stack.
class LedgerTest : public ::testing::Test {
 protected:
  bool set(std::uint64_t from, std::uint64_t to, Access access) {
    return ledger_->set({from * page, to * page}, access);
  }
  bool allows(std::uint64_t from, std::uint64_t to, bool write = false) {
    return ledger_->allows(from * page, (to - from) * page, write);
  }
  std::unique_ptr<Ledger> ledger_ = std::make_unique<Ledger>();
};

TEST_F(LedgerTest, AllowsWhatWasGiven) {
  ASSERT_TRUE(set(10, 20, Access::ReadWrite));
  EXPECT_TRUE(allows(10, 20, true));
  EXPECT_FALSE(allows(9, 11));
  EXPECT_FALSE(allows(19, 21));
  EXPECT_TRUE(ledger_->allows(10 * page + 5, 7, true));
  EXPECT_FALSE(ledger_->allows(20 * page - 1, 2, true));
}

TEST_F(LedgerTest, KnowsReadingFromWriting) {
  ASSERT_TRUE(set(10, 20, Access::Read));
  ASSERT_TRUE(set(20, 30, Access::ReadExecute));
  ASSERT_TRUE(set(30, 40, Access::None));
  EXPECT_TRUE(allows(10, 30));
  EXPECT_FALSE(allows(10, 12, true));
  EXPECT_FALSE(allows(20, 22, true));
  EXPECT_FALSE(allows(29, 31));
}

TEST_F(LedgerTest, HasAccessWhereAPieceOfARangeHas) {
  ASSERT_TRUE(set(10, 20, Access::None));
  ASSERT_TRUE(set(20, 30, Access::Read));
  const auto has_access = [&](std::uint64_t from, std::uint64_t to) {
    return ledger_->has_access({from * page, to * page});
  };
  EXPECT_FALSE(has_access(0, 5));
  EXPECT_FALSE(has_access(5, 20)) << "up to what may be read";
  EXPECT_TRUE(has_access(5, 21));
  EXPECT_TRUE(has_access(29, 40));
  EXPECT_FALSE(has_access(30, 40));
}

TEST_F(LedgerTest, NeverLetsAnAddressWrap) {
  ASSERT_TRUE(set(10, 20, Access::ReadWrite));
  EXPECT_FALSE(ledger_->allows(10 * page, ~std::uint64_t{0}, true));
  EXPECT_FALSE(ledger_->allows(~std::uint64_t{0}, 2, false));
}

TEST_F(LedgerTest, ReplacesTheMiddle) {
  ASSERT_TRUE(set(10, 40, Access::ReadWrite));
  ASSERT_TRUE(set(20, 30, Access::None));
  EXPECT_TRUE(allows(10, 20, true));
  EXPECT_FALSE(allows(20, 21));
  EXPECT_TRUE(allows(30, 40, true));
  EXPECT_TRUE(ledger_->covers({10 * page, 40 * page}));
}

TEST_F(LedgerTest, FindsTheLowestGapThatIsLargeEnough) {
  ASSERT_TRUE(set(10, 20, Access::ReadWrite));
  ASSERT_TRUE(set(25, 30, Access::ReadWrite));
  const Range within{10 * page, 100 * page};
  EXPECT_EQ(ledger_->find_free(within, 5 * page, page), 20 * page);
  EXPECT_EQ(ledger_->find_free(within, 6 * page, page), 30 * page);
  EXPECT_EQ(ledger_->find_free(within, 5 * page, 16 * page), 32 * page);
  EXPECT_FALSE(ledger_->find_free(within, 71 * page, page).has_value());
}

TEST_F(LedgerTest, RegionsThatTouchAreOne) {
  const auto room_beside = [](std::initializer_list<Range> regions) {
    const auto ledger = std::make_unique<Ledger>();
    for (const Range range : regions) EXPECT_TRUE(ledger->set(range, Access::Read));
    std::uint64_t room = 0;
    while (ledger->set({(100 + 2 * room) * page, (101 + 2 * room) * page}, Access::Read)) ++room;
    return room;
  };
  const std::uint64_t beside_one = room_beside({{page, 4 * page}});
  EXPECT_GT(beside_one, 4000U);
  EXPECT_EQ(room_beside({{page, 2 * page}, {2 * page, 4 * page}}), beside_one);
  EXPECT_EQ(room_beside({{3 * page, 4 * page}, {page, 3 * page}}), beside_one);
  EXPECT_EQ(room_beside({{page, 2 * page}, {3 * page, 4 * page}, {2 * page, 3 * page}}),
            beside_one);
  EXPECT_EQ(room_beside({{page, 2 * page}, {3 * page, 4 * page}}), beside_one - 1);
}

TEST_F(LedgerTest, RefusesToCutARegionInTwoWhenItIsFull) {
  std::uint64_t at = 0;
  while (set(at, at + 5, Access::Read)) at += 10;
  // What is left of its room: each cut takes one.
  std::uint64_t cut = 0;
  while (ledger_->remove({(cut + 2) * page, (cut + 3) * page})) cut += 10;
  ASSERT_LT(cut, at);
  EXPECT_TRUE(allows(cut, cut + 5)) << "and keeps it whole";
  EXPECT_FALSE(set(cut + 2, cut + 3, Access::ReadWrite));
  EXPECT_FALSE(allows(cut + 2, cut + 3, true));
  EXPECT_TRUE(ledger_->remove({(cut + 3) * page, (cut + 5) * page})) << "it needs no room";
  EXPECT_TRUE(ledger_->remove({(at - 10) * page, at * page})) << "nor does the last";
  EXPECT_FALSE(allows(at - 10, at - 9));
}

TEST_F(LedgerTest, RefusesWhenItIsFull) {
  std::uint64_t at = 0;
  while (at < 100'000 && set(at, at + 1, Access::Read)) at += 2;
  EXPECT_GT(at, 4000U);
  EXPECT_LT(at, 100'000U);
  EXPECT_TRUE(allows(0, 1)) << "and keeps what it has";
}

/// Against a map from pages to access, page by page.
TEST_F(LedgerTest, DoesAsAPlainMapDoes) {
  std::mt19937_64 random(5);
  std::map<std::uint64_t, Access> model;
  constexpr std::uint64_t pages = 64;
  const std::array accesses{Access::None, Access::Read, Access::ReadWrite, Access::ReadExecute};
  for (int round = 0; round < 20'000; ++round) {
    const std::uint64_t from = random() % pages;
    const std::uint64_t to = from + 1 + random() % (pages - from);
    if (random() % 3 == 0) {
      ASSERT_TRUE(ledger_->remove({from * page, to * page}));
      for (std::uint64_t at = from; at < to; ++at) model.erase(at);
    } else {
      const Access access = accesses[random() % accesses.size()];
      ASSERT_TRUE(set(from, to, access));
      for (std::uint64_t at = from; at < to; ++at) model[at] = access;
    }
    const std::uint64_t start = random() % pages;
    const std::uint64_t end = start + 1 + random() % (pages - start);
    bool covered = true;
    bool readable = true;
    bool writable = true;
    bool free = true;
    for (std::uint64_t at = start; at < end; ++at) {
      const auto found = model.find(at);
      covered &= found != model.end();
      free &= found == model.end();
      readable &= found != model.end() && found->second != Access::None;
      writable &= found != model.end() && found->second == Access::ReadWrite;
    }
    ASSERT_EQ(ledger_->covers({start * page, end * page}), covered) << round;
    ASSERT_EQ(ledger_->is_free({start * page, end * page}), free) << round;
    ASSERT_EQ(allows(start, end), readable) << round;
    ASSERT_EQ(allows(start, end, true), writable) << round;
  }
}

}  // namespace
}  // namespace merlon::shim::linux
