#include "merlon/shim/linux/memory.h"

#include <vector>

#include <gtest/gtest.h>

#include "merlon/shim/linux/testing/machine.h"

namespace merlon::shim::linux {
namespace {

using sallyport::mapping_end;
using sallyport::mapping_start;
using sallyport::user_end;
using sallyport::user_start;

constexpr std::uint64_t page = page_size;
constexpr std::uint64_t large_page = std::uint64_t{2} << 20U;
constexpr std::uint64_t read_write = abi::prot_read | abi::prot_write;
constexpr std::uint64_t fixed = abi::map_anonymous | abi::map_fixed;

/// What the keep asks for, and what the machine is told to do about it. No page is real.
class MemoryTest : public ::testing::Test {
 protected:
  struct Given {
    Range range;
    Access access;
  };

  void SetUp() override {
    machine_.give = [this](Range range, Access access) {
      given_.push_back({range, access});
      return has_memory_;
    };
    machine_.take = [this](Range range) { taken_.push_back(range); };
    sallyport::BootInfo boot{};
    boot.break_start = break_start;
    boot.region_count = 1;
    boot.regions[0] = {user_start, user_start + 4 * page, Access::ReadExecute};
    memory_.begin(boot);
  }
  /// An mmap that the machine need not choose an address for.
  abi::SystemResult map_at(std::uint64_t address, std::uint64_t size,
                           std::uint64_t protection = read_write) {
    return memory_.map(address, size, protection, fixed);
  }

  static constexpr std::uint64_t break_start = user_start + 16 * page;
  testing::Machine machine_;
  Memory& memory_ = machine_.keep().memory;
  std::vector<Given> given_;
  std::vector<Range> taken_;
  bool has_memory_ = true;
};

TEST_F(MemoryTest, BeginsWithWhatTheLauncherMapped) {
  EXPECT_TRUE(memory_.allows(user_start, 4 * page, false));
  EXPECT_FALSE(memory_.allows(user_start, 1, true));
  EXPECT_FALSE(memory_.allows(user_start + 4 * page, 1, false));
  EXPECT_EQ(memory_.set_break(0), break_start);
  EXPECT_TRUE(given_.empty()) << "the launcher has";
}

TEST_F(MemoryTest, AChosenAddressIsTheLowestThatIsFree) {
  EXPECT_EQ(memory_.map(0, 1, read_write, abi::map_anonymous), mapping_start);
  EXPECT_EQ(memory_.map(7 * page, 2 * page, read_write, abi::map_anonymous), mapping_start + page);
  ASSERT_EQ(given_.size(), 2U);
  EXPECT_EQ(given_[0].range, (Range{mapping_start, mapping_start + page}));
  EXPECT_EQ(given_[1].range, (Range{mapping_start + page, mapping_start + 3 * page}));
  EXPECT_EQ(given_[1].access, Access::ReadWrite);
  EXPECT_TRUE(memory_.allows(mapping_start, 3 * page, true));
  EXPECT_TRUE(taken_.empty());
}

TEST_F(MemoryTest, LargeMappingsStartWhereLargePagesDo) {
  ASSERT_EQ(memory_.map(0, page, read_write, abi::map_anonymous), mapping_start);
  EXPECT_EQ(memory_.map(0, large_page, read_write, abi::map_anonymous), mapping_start + large_page);
  EXPECT_EQ(memory_.map(0, large_page - page, read_write, abi::map_anonymous),
            mapping_start + page);
}

TEST_F(MemoryTest, SizesAreRoundedUpToPages) {
  EXPECT_EQ(map_at(mapping_start, page + 1), mapping_start);
  EXPECT_EQ(given_.at(0).range, (Range{mapping_start, mapping_start + 2 * page}));
  EXPECT_EQ(memory_.protect(mapping_start, 1, 0), 0);
  EXPECT_EQ(given_.at(1).range, (Range{mapping_start, mapping_start + page}));
  EXPECT_EQ(memory_.unmap(mapping_start, 2 * page - 1), 0);
  EXPECT_EQ(taken_.back(), (Range{mapping_start, mapping_start + 2 * page}));
  EXPECT_FALSE(memory_.allows(mapping_start + page, 1, false));
}

TEST_F(MemoryTest, NothingOutsideOfTheKeepsAddressesIsTouched) {
  struct Case {
    std::uint64_t address;
    std::uint64_t size;
    bool good;
  };
  const Case cases[] = {
      {user_end - page, page, true},
      {user_end - page, page + 1, false},
      {user_end - page, 2 * page, false},
      {user_end, page, false},
      {user_end + page, page, false},
      {user_end - 2 * page, std::uint64_t{1} << 46U, false},
      {user_end - page, ~std::uint64_t{0}, false},
      {user_end - page, 0 - (user_end - page), false},
      {user_start, page, true},
      {user_start - page, page, false},
      {user_start - page, 2 * page, false},
      {sallyport::shim_start, page, false},
      {sallyport::direct_map, page, false},
      {0, page, false},
      {0 - page, page, false},
      {0 - page, 2 * page, false},
      {mapping_start + 1, page, false},
      {mapping_start, 0, false},
  };
  for (const Case& each : cases) {
    given_.clear();
    taken_.clear();
    const abi::SystemResult mapped = map_at(each.address, each.size);
    EXPECT_EQ(mapped, each.good ? static_cast<abi::SystemResult>(each.address) : -abi::Inval);
    // Nothing, rather than as much of it as is the keep's.
    EXPECT_EQ(given_.size(), each.good ? 1U : 0U) << std::hex << each.address << " " << each.size;
    EXPECT_EQ(memory_.unmap(each.address, each.size), each.good ? 0 : -abi::Inval);
    EXPECT_EQ(taken_.size(), each.good ? 2U : 0U) << std::hex << each.address << " " << each.size;
    if (each.good || each.size == 0) continue;
    EXPECT_EQ(memory_.protect(each.address, each.size, read_write), -abi::Nomem);
    EXPECT_TRUE(given_.empty());
  }
}

TEST_F(MemoryTest, TheLastPageOfTheKeepIsMappedWhole) {
  EXPECT_EQ(map_at(user_end - page, 1), static_cast<abi::SystemResult>(user_end - page));
  EXPECT_TRUE(memory_.allows(user_end - page, page, true));
  EXPECT_FALSE(memory_.allows(user_end - page, page + 1, true));
}

TEST_F(MemoryTest, NothingIsWritableAndExecutable) {
  EXPECT_EQ(map_at(mapping_start, page, abi::prot_write | abi::prot_exec), -abi::Acces);
  EXPECT_EQ(map_at(mapping_start, page, read_write | abi::prot_exec), -abi::Acces);
  EXPECT_EQ(map_at(mapping_start, page, 8), -abi::Acces);
  EXPECT_TRUE(given_.empty());
  const struct {
    std::uint64_t protection;
    Access access;
  } good[] = {{0, Access::None},
              {abi::prot_read, Access::Read},
              {abi::prot_write, Access::ReadWrite},
              {read_write, Access::ReadWrite},
              {abi::prot_exec, Access::ReadExecute},
              {abi::prot_read | abi::prot_exec, Access::ReadExecute}};
  for (const auto& each : good) {
    EXPECT_EQ(map_at(mapping_start, page, each.protection), mapping_start);
    EXPECT_EQ(given_.back().access, each.access) << each.protection;
    EXPECT_EQ(memory_.allows(mapping_start, 1, false), each.access != Access::None);
    EXPECT_EQ(memory_.allows(mapping_start, 1, true), each.access == Access::ReadWrite);
  }
  EXPECT_EQ(memory_.protect(mapping_start, page, read_write | abi::prot_exec), -abi::Acces);
  EXPECT_EQ(given_.size(), std::size(good));
}

TEST_F(MemoryTest, OnlyMemoryOfTheKeepsOwnIsMapped) {
  EXPECT_EQ(memory_.map(0, page, read_write, 0), -abi::Inval);
  EXPECT_EQ(memory_.map(0, page, read_write, abi::map_anonymous | abi::map_shared), -abi::Inval);
  EXPECT_EQ(memory_.map(0, 0, read_write, abi::map_anonymous), -abi::Inval);
  EXPECT_EQ(memory_.map(0, (std::uint64_t{1} << 46U) + 1, read_write, abi::map_anonymous),
            -abi::Inval);
  EXPECT_EQ(memory_.map(0, mapping_end - mapping_start + 1, read_write, abi::map_anonymous),
            -abi::Nomem);
  EXPECT_TRUE(given_.empty());
  EXPECT_EQ(memory_.map(0, mapping_end - mapping_start, 0, abi::map_anonymous), mapping_start);
}

TEST_F(MemoryTest, AFixedMappingTakesTheOldPagesFirst) {
  ASSERT_EQ(map_at(mapping_start, 4 * page), mapping_start);
  taken_.clear();
  machine_.give = [this](Range range, Access) {
    EXPECT_EQ(taken_.size(), 1U) << "else it would see what the old ones held";
    EXPECT_EQ(taken_.back(), range);
    return true;
  };
  EXPECT_EQ(map_at(mapping_start + page, page, abi::prot_read), mapping_start + page);
  EXPECT_TRUE(memory_.allows(mapping_start, page, true));
  EXPECT_FALSE(memory_.allows(mapping_start + page, page, true));
  EXPECT_TRUE(memory_.allows(mapping_start + 2 * page, 2 * page, true));
}

TEST_F(MemoryTest, PagesAreTakenOnlyWhenTheLedgerHasLetGo) {
  ASSERT_EQ(map_at(mapping_start, 4 * page), mapping_start);
  machine_.take = [this](Range range) {
    EXPECT_TRUE(memory_.ledger().is_free(range));
    taken_.push_back(range);
  };
  taken_.clear();
  EXPECT_EQ(memory_.unmap(mapping_start, 2 * page), 0);
  EXPECT_EQ(map_at(mapping_start + 2 * page, page), mapping_start + 2 * page);
  EXPECT_EQ(taken_.size(), 2U);
}

TEST_F(MemoryTest, WhatTheMachineHasNoMemoryForIsNotTheKeeps) {
  has_memory_ = false;
  EXPECT_EQ(map_at(mapping_start, 2 * page), -abi::Nomem);
  EXPECT_EQ(taken_.back(), (Range{mapping_start, mapping_start + 2 * page}));
  EXPECT_TRUE(memory_.ledger().is_free({mapping_start, mapping_start + 2 * page}));
  taken_.clear();
  EXPECT_EQ(memory_.set_break(break_start + page), break_start);
  EXPECT_EQ(taken_.back(), (Range{break_start, break_start + page}));
  EXPECT_FALSE(memory_.allows(break_start, 1, false));
}

TEST_F(MemoryTest, ProtectionIsChangedOnlyWhereAllIsMapped) {
  ASSERT_EQ(map_at(mapping_start, 2 * page), mapping_start);
  ASSERT_EQ(map_at(mapping_start + 3 * page, page), mapping_start + 3 * page);
  given_.clear();
  EXPECT_EQ(memory_.protect(mapping_start, 4 * page, abi::prot_read), -abi::Nomem);
  EXPECT_TRUE(given_.empty());
  EXPECT_EQ(memory_.protect(mapping_start, 0, abi::prot_read), 0);
  EXPECT_TRUE(given_.empty());
  EXPECT_TRUE(memory_.allows(mapping_start, 2 * page, true));
  EXPECT_EQ(memory_.protect(mapping_start, 2 * page, abi::prot_read), 0);
  EXPECT_EQ(given_.at(0).access, Access::Read);
  EXPECT_FALSE(memory_.allows(mapping_start, 1, true));
  EXPECT_FALSE(memory_.allows(mapping_start + page, 1, true));
  has_memory_ = false;
  EXPECT_EQ(memory_.protect(mapping_start, page, read_write), -abi::Nomem);
  EXPECT_FALSE(memory_.allows(mapping_start, 1, true));
}

TEST_F(MemoryTest, TheBreakGrowsAndShrinksByPages) {
  EXPECT_EQ(memory_.set_break(break_start + 1), break_start + 1);
  EXPECT_EQ(given_.at(0).range, (Range{break_start, break_start + page}));
  EXPECT_EQ(given_.at(0).access, Access::ReadWrite);
  EXPECT_EQ(memory_.set_break(break_start + page), break_start + page);
  EXPECT_EQ(given_.size(), 1U);
  EXPECT_EQ(memory_.set_break(break_start + 3 * page + 5), break_start + 3 * page + 5);
  EXPECT_EQ(given_.at(1).range, (Range{break_start + page, break_start + 4 * page}));
  EXPECT_EQ(memory_.set_break(break_start + page + 1), break_start + page + 1);
  EXPECT_EQ(taken_.at(0), (Range{break_start + 2 * page, break_start + 4 * page}));
  EXPECT_TRUE(memory_.allows(break_start, 2 * page, true));
  EXPECT_FALSE(memory_.allows(break_start, 2 * page + 1, true));
  EXPECT_EQ(memory_.set_break(break_start), break_start);
  EXPECT_FALSE(memory_.allows(break_start, 1, false));
}

TEST_F(MemoryTest, TheBreakStaysWithinItsBounds) {
  EXPECT_EQ(memory_.set_break(break_start - 1), break_start);
  EXPECT_EQ(memory_.set_break(break_start + sallyport::break_limit + 1), break_start);
  EXPECT_EQ(memory_.set_break(~std::uint64_t{0}), break_start);
  EXPECT_TRUE(given_.empty());
  EXPECT_EQ(memory_.set_break(break_start + sallyport::break_limit),
            break_start + sallyport::break_limit);
}

TEST_F(MemoryTest, TheBreakDoesNotGrowOverAMapping) {
  ASSERT_GT(map_at(break_start + 2 * page, page), 0);
  EXPECT_EQ(memory_.set_break(break_start + 2 * page), break_start + 2 * page);
  EXPECT_EQ(memory_.set_break(break_start + 2 * page + 1), break_start + 2 * page);
  EXPECT_EQ(given_.size(), 2U);
}

TEST_F(MemoryTest, MoreRegionsThanTheLedgerHoldsAreRefused) {
  ASSERT_EQ(map_at(mapping_start - 5 * page, 3 * page), mapping_start - 5 * page);
  std::uint64_t at = mapping_start;
  while (at < mapping_start + 10'000 * page && map_at(at, page) > 0) at += 2 * page;
  ASSERT_LT(at, mapping_start + 10'000 * page);
  given_.clear();
  EXPECT_EQ(memory_.protect(mapping_start - 4 * page, page, 0), -abi::Nomem);
  EXPECT_TRUE(given_.empty()) << "else the pages would no longer follow the ledger";
  EXPECT_EQ(map_at(at, page), -abi::Nomem);
  EXPECT_EQ(memory_.map(0, page, abi::prot_read, abi::map_anonymous), -abi::Nomem);
}

}  // namespace
}  // namespace merlon::shim::linux
