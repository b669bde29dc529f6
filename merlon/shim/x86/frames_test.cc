#include "merlon/shim/x86/frames.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <set>

#include <gtest/gtest.h>

#include "merlon/shim/linux/abi.h"
#include "merlon/shim/x86/testing/machine.h"

namespace merlon::shim::x86 {
namespace {

using linux::testing::Asked;
using linux::testing::Reply;
using sallyport::Call;
using sallyport::MemoryRange;
using testing::Machine;
using Address = std::uint64_t;

constexpr std::uint64_t page = linux::page_size;
constexpr Address pool = std::uint64_t{64} << 20U;  // not what the machine's own address space has
constexpr Address pool_tables = std::uint64_t{2} << 20U;
constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;

class FramesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!testing::has_room_for_a_machine()) GTEST_SKIP() << "the direct map's addresses are taken";
    make(sallyport::World::Ring0);
  }
  void make(sallyport::World world) {
    machine_.reset();
    machine_ = std::make_unique<Machine>(world);
    frames_ = std::make_unique<Frames>();
    frames_->add_tables(pool_tables, 16 * page);
    frames_->add(pool, 4 * block_size);
  }
  /// The address of a block.
  std::optional<Address> take() {
    const auto block = frames_->take_block();
    return block ? std::optional(block->base) : std::nullopt;
  }
  /// The host gives this when it is asked for memory.
  void give(MemoryRange range) {
    machine_->below().host = [=](const Asked& asked) -> Reply {
      if (asked.call != Call::GrowMemory) return {};
      return {0, {reinterpret_cast<const char*>(&range), sizeof(range)}};
    };
  }
  bool is_zero(Address base, std::uint64_t size) {
    const std::uint8_t* const from = machine_->at(base);
    return std::all_of(from, from + size, [](auto byte) { return byte == 0; });
  }
  void take_all() {
    machine_->below().host = [](const Asked&) { return Reply{-linux::abi::Nomem}; };
    while (take()) continue;
  }

  std::unique_ptr<Machine> machine_;
  std::unique_ptr<Frames> frames_;
};

TEST_F(FramesTest, BlocksAreTakenInOrderAndOneIsKeptForTables) {
  EXPECT_EQ(take(), pool);
  EXPECT_EQ(take(), pool + block_size);
  EXPECT_EQ(take(), pool + 2 * block_size);
  machine_->below().host = [](const Asked&) { return Reply{-linux::abi::Nomem}; };
  EXPECT_EQ(take(), std::nullopt);
  for (int i = 0; i < 16; ++i) EXPECT_TRUE(frames_->take_table());
  EXPECT_EQ(frames_->take_table(), pool + 3 * block_size) << "the one that was kept";
}

/// Of the memory that the launcher gave and of two growths, in which what was kept back comes back.
TEST_F(FramesTest, WhatIsHandedOutHasBeenAccepted) {
  std::size_t tables = 0;
  for (int growth = 0; growth < 3; ++growth) {
    for (int i = 0; i < 4; ++i) {
      const auto block = take();
      ASSERT_TRUE(block.has_value());
      for (Address at = *block; at < *block + block_size; at += page) {
        ASSERT_TRUE(machine_->is_accepted(at)) << std::hex << at;
      }
      const auto table = frames_->take_table();
      ASSERT_TRUE(table.has_value());
      EXPECT_TRUE(machine_->is_accepted(*table)) << std::hex << *table;
      ++tables;
      give({pool + static_cast<Address>(4 + 4 * growth) * block_size, 4 * block_size});
    }
  }
  EXPECT_EQ(tables, 12U);
}

TEST_F(FramesTest, ABlockIsZeroOnlyWhereThatIsKnown) {
  const auto next_is_zero = [&] {
    const auto block = frames_->take_block();
    EXPECT_TRUE(block.has_value());
    return block && block->is_zero;
  };
  EXPECT_FALSE(next_is_zero()) << "the host may have written to what it gave";
  for (const sallyport::World world : {sallyport::World::Collapsed, sallyport::World::Isolated}) {
    make(world);
    EXPECT_TRUE(next_is_zero());
    take_all();
    frames_->give_block(pool + block_size);
    EXPECT_FALSE(next_is_zero()) << "it came back, and the host has not cleared it";
  }
}

TEST_F(FramesTest, WhereStoresAreDearTheHostClears) {
  make(sallyport::World::Isolated);
  take_all();
  machine_->below().asked.clear();
  machine_->below().host = [&](const Asked& asked) {
    EXPECT_EQ(asked.call, Call::ReleaseMemory);
    EXPECT_EQ(asked.arguments[0], pool);
    EXPECT_EQ(asked.arguments[1], block_size);
    return Reply{0};
  };
  frames_->give_block(pool);
  const auto cleared = frames_->take_block();
  ASSERT_TRUE(cleared.has_value());
  EXPECT_EQ(cleared->base, pool);
  EXPECT_TRUE(cleared->is_zero);
  EXPECT_EQ(machine_->below().asked.size(), 1U);
  // One that does not: then its taker does it.
  machine_->below().host = [](const Asked&) { return Reply{-linux::abi::Nosys}; };
  frames_->give_block(pool);
  const auto used = frames_->take_block();
  ASSERT_TRUE(used.has_value());
  EXPECT_EQ(used->base, pool);
  EXPECT_FALSE(used->is_zero);
}

TEST_F(FramesTest, NoHostIsAskedToClearElsewhere) {
  take_all();
  machine_->below().asked.clear();
  frames_->give_block(pool);
  EXPECT_TRUE(take());
  EXPECT_TRUE(machine_->below().asked.empty());
}

/// The launcher's pages and, when these are used up, those of a block.
TEST_F(FramesTest, NoHostChoosesWhatATableStartsWith) {
  std::memset(machine_->at(pool_tables), 0xaa, 16 * page);
  std::memset(machine_->at(pool), 0xaa, block_size);
  for (int i = 0; i < 20; ++i) {
    const auto table = frames_->take_table();
    ASSERT_TRUE(table && is_zero(*table, page)) << i;
  }
}

TEST_F(FramesTest, TablesAreZeroAndNotOneIsGivenTwice) {
  std::set<Address> taken;
  for (int i = 0; i < 600; ++i) {
    const auto table = frames_->take_table();
    ASSERT_TRUE(table.has_value());
    ASSERT_EQ(*table % page, 0U);
    ASSERT_TRUE(is_zero(*table, page));
    ASSERT_TRUE(taken.insert(*table).second) << i;
    std::memset(machine_->at(*table), 0xaa, page);
  }
  EXPECT_EQ(*taken.begin(), pool_tables);
  EXPECT_TRUE(taken.contains(pool_tables + 15 * page));
  EXPECT_FALSE(taken.contains(pool_tables + 16 * page));
  for (const Address table : taken) frames_->give_table(table);
  std::set<Address> again;
  for (std::size_t i = 0; i < taken.size(); ++i) {
    const auto table = frames_->take_table();
    ASSERT_TRUE(table && is_zero(*table, page));
    again.insert(*table);
  }
  EXPECT_EQ(again, taken);
}

TEST_F(FramesTest, TheHostIsAskedForAsMuchAsThereIs) {
  give({pool + 16 * mebibyte, 2 * block_size});
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(take());
  EXPECT_EQ(take(), pool + 16 * mebibyte);
  ASSERT_EQ(machine_->below().asked.size(), 1U);
  EXPECT_EQ(machine_->below().asked[0].call, Call::GrowMemory);
  EXPECT_EQ(machine_->below().asked[0].arguments[0], 64 * mebibyte) << "at least so much";
  // The block that was kept of the older range is used as well.
  EXPECT_EQ(take(), pool + 3 * block_size);
  const auto asked_with = [&](std::uint64_t size) {
    make(sallyport::World::Ring0);
    frames_ = std::make_unique<Frames>();
    frames_->add_tables(pool_tables, 16 * page);
    frames_->add(pool, size);
    for (std::uint64_t i = 1; i < size / block_size; ++i) EXPECT_TRUE(take());
    give({pool + size, 2 * block_size});
    EXPECT_TRUE(take());
    return machine_->below().asked.at(0).arguments[0];
  };
  EXPECT_EQ(asked_with(100 * mebibyte), 100 * mebibyte);
  EXPECT_EQ(asked_with(2048 * mebibyte), 1024 * mebibyte) << "at most so much";
}

TEST_F(FramesTest, MemoryThatTheHostGaveIsMappedForTheShim) {
  constexpr Address given = std::uint64_t{80} << 20U;
  give({given, 3 * block_size});
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(take());
  for (const Address at : {given, given + block_size, given + 3 * block_size - page}) {
    const auto to = machine_->walk(sallyport::direct_map + at);
    ASSERT_TRUE(to.has_value());
    EXPECT_EQ(to->physical, at);
    EXPECT_TRUE(to->writable);
    EXPECT_FALSE(to->user || to->executable);
    EXPECT_TRUE(machine_->is_large(sallyport::direct_map + at));
  }
  EXPECT_FALSE(machine_->walk(sallyport::direct_map + given + 3 * block_size));
}

TEST_F(FramesTest, MemoryThatThereIsNoTableForIsNotTaken) {
  take_all();
  while (frames_->take_table()) continue;
  give({pool + 4 * block_size, block_size});
  EXPECT_EQ(take(), std::nullopt);
}

/// Else it would come to lie under memory in use, or where nothing can be.
TEST_F(FramesTest, ARangeThatTheHostMayNotGiveEndsTheKeep) {
  constexpr Address top = pool + 4 * block_size;
  constexpr Address highest = std::uint64_t{1} << 44U;
  take_all();
  for (const MemoryRange bad : {MemoryRange{pool, block_size},
                                {top - block_size, block_size},
                                {0, block_size},
                                {top + page, block_size},
                                {highest + block_size, block_size},
                                {~std::uint64_t{0} - block_size + 1, block_size}}) {
    give(bad);
    EXPECT_EXIT(static_cast<void>(take()), ::testing::ExitedWithCode(125),
                "the host gave memory that cannot be used")
        << bad.base;
  }
  for (const std::uint64_t size : {std::uint64_t{0}, page, block_size + page, 66 * mebibyte}) {
    give({top, size});
    EXPECT_EXIT(static_cast<void>(take()), ::testing::ExitedWithCode(125),
                "the host gave memory of a size that was not asked for")
        << size;
  }
  give({top, 64 * mebibyte});
  EXPECT_EQ(take(), top);
}

TEST_F(FramesTest, TheHighestAddressIsStillGood) {
  constexpr Address highest = std::uint64_t{1} << 44U;
  take_all();
  give({highest, block_size});
  // One block: it is kept back for tables, and what was kept before is taken.
  EXPECT_EQ(take(), pool + 3 * block_size);
}

constexpr std::uint64_t most_blocks = 32768;

TEST_F(FramesTest, TheLastGibibyteIsStillAskedFor) {
  frames_ = std::make_unique<Frames>();
  frames_->add_tables(pool_tables, 16 * page);
  frames_->add(pool, (most_blocks - 512) * block_size);
  take_all();
  ASSERT_EQ(machine_->below().asked.size(), 1U);
  EXPECT_EQ(machine_->below().asked[0].arguments[0], 1024 * mebibyte);
}

TEST_F(FramesTest, AKeepHas64GibibytesAtMost) {
  frames_ = std::make_unique<Frames>();
  frames_->add_tables(pool_tables, 16 * page);
  // What is not taken from these is never touched.
  frames_->add(pool, (most_blocks - 32) * block_size);
  std::uint64_t count = 0;
  machine_->below().host = [](const Asked&) { return Reply{-linux::abi::Nomem}; };
  while (take()) ++count;
  EXPECT_EQ(count, most_blocks - 33);
  EXPECT_TRUE(machine_->below().asked.empty()) << "half a gibibyte more would be too much";
  for (std::uint64_t i = 0; i < most_blocks; ++i) frames_->give_block(pool + i * block_size);
  EXPECT_EXIT(frames_->give_block(pool), ::testing::ExitedWithCode(125),
              "more memory came back than there is");
}

}  // namespace
}  // namespace merlon::shim::x86
