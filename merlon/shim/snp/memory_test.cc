#include "merlon/shim/snp/memory.h"

#include <algorithm>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "merlon/shim/snp/machine.h"
#include "merlon/shim/snp/testing/machine.h"

namespace merlon::shim::snp {
namespace {

using linux::page_size;
using testing::Machine;

constexpr std::uint64_t large = std::uint64_t{2} << 20U;
constexpr std::uint64_t offset = sallyport::direct_map;
using Log = std::vector<std::string>;

TEST(TakenMemory, TakesEachPageOnce) {
  TakenMemory taken;
  EXPECT_TRUE(taken.add({page_size, 3 * page_size}));
  EXPECT_FALSE(taken.add({page_size, 2 * page_size}));
  EXPECT_FALSE(taken.add({2 * page_size, 4 * page_size}));
  EXPECT_FALSE(taken.add({0, 8 * page_size}));
  EXPECT_TRUE(taken.add({3 * page_size, 4 * page_size}));
  EXPECT_TRUE(taken.add({0, page_size}));
  EXPECT_EQ(taken.pieces(), 1U);
}

TEST(TakenMemory, TakesWholePagesOnly) {
  TakenMemory taken;
  EXPECT_FALSE(taken.add({0, 0}));
  EXPECT_FALSE(taken.add({2 * page_size, page_size}));
  EXPECT_FALSE(taken.add({1, page_size}));
  EXPECT_FALSE(taken.add({0, page_size + 1}));
}

TEST(TakenMemory, HasRoomForSoManyPiecesAndNoMore) {
  TakenMemory taken;
  std::uint64_t at = 0;
  while (taken.add({at, at + page_size})) at += 2 * page_size;
  EXPECT_EQ(taken.pieces(), at / (2 * page_size));
  EXPECT_GE(taken.pieces(), 128U);
  EXPECT_TRUE(taken.add({page_size, 2 * page_size})) << "what joins pieces has room";
}

/// Against a set of pages, in any order.
TEST(TakenMemory, IsASetOfPages) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    std::mt19937_64 random(seed);
    TakenMemory taken;
    std::set<std::uint64_t> pages;
    for (int i = 0; i < 300; ++i) {
      const std::uint64_t start = random() % 300;
      const std::uint64_t end = start + random() % 6;
      const auto meets = pages.lower_bound(start);
      const bool free = end > start && (meets == pages.end() || *meets >= end);
      ASSERT_EQ(taken.add({start * page_size, end * page_size}), free) << seed << " " << i;
      for (std::uint64_t page = start; free && page < end; ++page) pages.insert(page);
    }
    std::size_t pieces = 0;
    for (const std::uint64_t page : pages) pieces += pages.contains(page - 1) ? 0U : 1U;
    EXPECT_EQ(taken.pieces(), pieces);
  }
}

TEST(TakeMemory, ReadsBothEndsOfAPageThatItTook) {
  Machine machine;
  TakenMemory taken;
  EXPECT_EQ(take_memory(taken, page_size, page_size, 0x5000), Trouble{});
  EXPECT_EQ(machine.log, (Log{"take 5000", "touch 5000", "touch 5fff"}));
}

TEST(TakeMemory, TakesLargePagesWhereThatCanBe) {
  Machine machine;
  TakenMemory taken;
  const std::uint64_t base = large - page_size;
  EXPECT_EQ(take_memory(taken, base, large + 2 * page_size, base), Trouble{});
  Log takes;
  std::ranges::copy_if(machine.log, std::back_inserter(takes),
                       [](const std::string& each) { return each.starts_with("take"); });
  EXPECT_EQ(takes, (Log{"take 1ff000", "take large 200000", "take 400000"}));
  EXPECT_EQ(machine.log.size(), 3 + 2 * 514U);
}

TEST(TakeMemory, TakesSmallPagesWhereTheHostHasThem) {
  Machine machine;
  machine.validation = [](std::uint64_t, bool is_large) { return is_large ? size_mismatch : 0; };
  TakenMemory taken;
  EXPECT_EQ(take_memory(taken, large, large, offset + large), Trouble{});
  EXPECT_EQ(std::ranges::count_if(machine.log,
                                  [](const auto& each) {
                                    return each.starts_with("take ") &&
                                           !each.starts_with("take large");
                                  }),
            512);
}

TEST(TakeMemory, NothingThatWasThereBeforeIsTaken) {
  for (const bool is_large : {true, false}) {
    Machine machine;
    machine.validation = [](std::uint64_t, bool) { return unchanged; };
    TakenMemory taken;
    const std::uint64_t size = is_large ? large : page_size;
    EXPECT_EQ(take_memory(taken, large, size, large), Reason::Unchanged);
    EXPECT_EQ(machine.log.size(), 1U) << "and it is not read";
  }
}

TEST(TakeMemory, EveryOtherAnswerIsARefusal) {
  for (std::uint64_t bit = 0; bit < 64; ++bit) {
    for (const std::uint64_t with : {std::uint64_t{0}, unchanged}) {
      const std::uint64_t code = (std::uint64_t{1} << bit) | with;
      Machine machine;
      machine.validation = [=](std::uint64_t, bool) { return code; };
      TakenMemory taken;
      const Reason wanted = code == unchanged ? Reason::Unchanged : Reason::Validation;
      EXPECT_EQ(take_memory(taken, page_size, page_size, page_size), wanted) << code;
    }
  }
  Machine machine;  // of a small page there is no smaller
  machine.validation = [](std::uint64_t, bool) { return size_mismatch; };
  TakenMemory taken;
  EXPECT_EQ(take_memory(taken, page_size, page_size, page_size), Reason::Validation);
}

TEST(TakeMemory, OneBadPageOfManyIsSeen) {
  for (const std::uint64_t bad : {std::uint64_t{0}, std::uint64_t{77}, std::uint64_t{511}}) {
    Machine machine;
    machine.validation = [=](std::uint64_t address, bool is_large) {
      if (is_large) return size_mismatch | unchanged;
      return address == large + bad * page_size ? unchanged : 0;
    };
    TakenMemory taken;
    EXPECT_EQ(take_memory(taken, large, large, large), Reason::Unchanged);
  }
}

TEST(TakeMemory, NothingIsAskedOfMemoryThatIsTaken) {
  Machine machine;
  TakenMemory taken;
  ASSERT_EQ(take_memory(taken, large, page_size, large), Trouble{});
  machine.log.clear();
  EXPECT_EQ(take_memory(taken, large, page_size, large), Reason::Ledger);
  EXPECT_EQ(take_memory(taken, 0, 2 * large, 0), Reason::Ledger);
  EXPECT_TRUE(machine.log.empty());
}

/// Whatever sizes the host has its memory in: no page is taken twice, none is left out.
TEST(TakeMemory, TakesAllOfWhatItIsAskedFor) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    std::mt19937_64 random(seed);
    Machine machine;
    std::set<std::uint64_t> there;
    machine.validation = [&](std::uint64_t address, bool is_large) -> std::uint64_t {
      if (is_large && random() % 2 == 0) return size_mismatch;
      for (std::uint64_t at = address; at < address + (is_large ? large : page_size);
           at += page_size) {
        EXPECT_TRUE(there.insert(at).second) << std::hex << at;
      }
      return 0;
    };
    TakenMemory taken;
    std::uint64_t wanted = 0;
    for (std::uint64_t at = random() % 512 * page_size; at < 6 * large;) {
      const std::uint64_t size = (1 + random() % 700) * page_size;
      ASSERT_EQ(take_memory(taken, at, size, offset + at), Trouble{});
      wanted += size / page_size;
      at += size + random() % 3 * page_size;
    }
    EXPECT_EQ(there.size(), wanted);
  }
}

TEST(Level, IsProvedByTheRightsOfTheNext) {
  Machine machine;
  EXPECT_EQ(check_level(0x3f'e000), Trouble{});
  EXPECT_EQ(machine.log, Log{"adjust 3fe000 1"});
  for (unsigned bit = 0; bit < 64; ++bit) {
    machine.adjustment = std::uint64_t{1} << bit;
    EXPECT_EQ(check_level(0x3f'e000), Reason::Level);
  }
}

}  // namespace
}  // namespace merlon::shim::snp
