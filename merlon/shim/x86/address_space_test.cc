#include "merlon/shim/x86/address_space.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "merlon/shim/linux/abi.h"
#include "merlon/shim/x86/page_table.h"
#include "merlon/shim/x86/testing/machine.h"

namespace merlon::shim::x86 {
namespace {

namespace abi = linux::abi;
using linux::Access;
using testing::Use;

constexpr std::uint64_t page = linux::page_size;
constexpr std::uint64_t window = block_size;
constexpr std::uint64_t start = sallyport::mapping_start;
constexpr std::uint64_t read_only = abi::prot_read;
constexpr std::uint64_t read_write = abi::prot_read | abi::prot_write;
constexpr std::uint64_t code = abi::prot_read | abi::prot_exec;

/// A keep's memory calls, and what the keep then finds at its addresses.
class AddressSpaceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!testing::has_room_for_a_machine()) GTEST_SKIP() << "the direct map's addresses are taken";
    make();
  }
  void make(sallyport::World world = sallyport::World::Ring0) {
    machine_.reset();
    machine_ = std::make_unique<testing::Machine>(world);
  }
  std::int64_t map(std::uint64_t address, std::uint64_t size, std::uint64_t protection) {
    return machine_->memory().map(address, size, protection, abi::map_anonymous | abi::map_fixed);
  }
  bool unmap(std::uint64_t address, std::uint64_t size) {
    return machine_->memory().unmap(address, size) == 0;
  }
  bool protect(std::uint64_t address, std::uint64_t size, std::uint64_t protection) {
    return machine_->memory().protect(address, size, protection) == 0;
  }

  bool may(std::uint64_t address, Use use) { return machine_->reach(address, use) != nullptr; }
  /// The rights at `address`, in letters.
  std::string rights(std::uint64_t address) {
    return std::string(may(address, Use::Read) ? "r" : "-") +
           (may(address, Use::Write) ? "w" : "-") + (may(address, Use::Execute) ? "x" : "-");
  }
  bool write(std::uint64_t address, std::uint8_t value) {
    std::uint8_t* const to = machine_->reach(address, Use::Write);
    if (to != nullptr) *to = value;
    return to != nullptr;
  }
  /// What is read there; -1: a fault.
  int read(std::uint64_t address) {
    const std::uint8_t* const from = machine_->reach(address, Use::Read);
    return from == nullptr ? -1 : *from;
  }
  /// Whether a page can be read and holds nothing.
  bool is_zero(std::uint64_t address) {
    const std::uint8_t* const from = machine_->reach(address, Use::Read);
    return from != nullptr && std::all_of(from, from + page, [](auto byte) { return byte == 0; });
  }
  void fill(std::uint64_t address) {
    std::uint8_t* const to = machine_->reach(address, Use::Write);
    ASSERT_NE(to, nullptr);
    std::memset(to, 0xaa, page);
  }

  std::unique_ptr<testing::Machine> machine_;
};

TEST_F(AddressSpaceTest, PagesHaveTheRightsThatWereAskedFor) {
  ASSERT_EQ(map(start, page, read_write), start);
  ASSERT_GT(map(start + page, page, read_only), 0);
  ASSERT_GT(map(start + 2 * page, page, code), 0);
  ASSERT_GT(map(start + 3 * page, page, 0), 0);
  EXPECT_EQ(rights(start), "rw-");
  EXPECT_EQ(rights(start + page), "r--");
  EXPECT_EQ(rights(start + 2 * page), "r-x");
  EXPECT_EQ(rights(start + 3 * page), "---");
  EXPECT_EQ(rights(start + 4 * page), "---");
  EXPECT_EQ(rights(start - page), "---");
}

TEST_F(AddressSpaceTest, PagesBesideAMappingAreNotThereInAnyWorld) {
  for (const auto world :
       {sallyport::World::Ring0, sallyport::World::Collapsed, sallyport::World::Isolated}) {
    make(world);
    ASSERT_GT(map(start + page, page, read_write), 0);
    EXPECT_TRUE(machine_->walk(start + page));
    EXPECT_FALSE(machine_->walk(start));
    EXPECT_FALSE(machine_->walk(start + 2 * page));
    ASSERT_TRUE(unmap(start + 2 * page, page));
    EXPECT_FALSE(machine_->walk(start + 2 * page));
  }
}

TEST_F(AddressSpaceTest, EachPageHasItsOwnMemory) {
  ASSERT_EQ(map(start, 3 * window, read_write), start);
  const std::array places{start, start + page, start + window - 1, start + window,
                          start + 3 * window - page};
  std::uint8_t value = 1;
  for (const std::uint64_t place : places) ASSERT_TRUE(write(place, value++));
  value = 1;
  for (const std::uint64_t place : places) EXPECT_EQ(read(place), value++);
}

TEST_F(AddressSpaceTest, AFreshMappingHoldsNothingOfTheOldOne) {
  ASSERT_EQ(map(start, 4 * page, read_write), start);
  for (std::uint64_t i = 0; i < 4; ++i) fill(start + i * page);
  ASSERT_TRUE(unmap(start + page, 2 * page));
  EXPECT_EQ(read(start + page), -1);
  EXPECT_EQ(read(start + 2 * page), -1);
  ASSERT_GT(map(start + page, page, read_only), 0);
  EXPECT_TRUE(is_zero(start + page));
  // Also if the new mapping has no access at first.
  ASSERT_GT(map(start + 2 * page, page, 0), 0);
  ASSERT_TRUE(protect(start + 2 * page, page, read_write));
  EXPECT_TRUE(is_zero(start + 2 * page));
  EXPECT_EQ(read(start), 0xaa);
  EXPECT_EQ(read(start + 3 * page), 0xaa);
}

TEST_F(AddressSpaceTest, AMappingOverAnotherHoldsNothingOfIt) {
  ASSERT_EQ(map(start, window, read_write), start);
  fill(start + 5 * page);
  fill(start + 6 * page);
  ASSERT_GT(map(start + 5 * page, page, read_write), 0);
  EXPECT_TRUE(is_zero(start + 5 * page));
  EXPECT_EQ(read(start + 6 * page), 0xaa);
  ASSERT_EQ(map(start, window, read_write), start);
  EXPECT_TRUE(is_zero(start + 6 * page));
}

TEST_F(AddressSpaceTest, PagesWithoutAccessLoseTheirContentWhenTheyAreUnmapped) {
  ASSERT_EQ(map(start, 4 * page, read_write), start);
  fill(start + page);
  ASSERT_TRUE(protect(start + page, page, 0));
  ASSERT_TRUE(unmap(start + page, page));
  ASSERT_GT(map(start + page, page, read_write), 0);
  EXPECT_TRUE(is_zero(start + page));
}

TEST_F(AddressSpaceTest, PagesThatWereNeverGivenAgainStayDirtyUntilTheyAre) {
  ASSERT_EQ(map(start, 4 * page, read_write), start);
  fill(start + page);
  ASSERT_TRUE(unmap(start + page, page));
  ASSERT_TRUE(unmap(start + page, page));
  ASSERT_GT(map(start + page, page, 0), 0);
  ASSERT_TRUE(unmap(start + page, page));
  ASSERT_GT(map(start + page, page, 0), 0);
  ASSERT_TRUE(protect(start + page, page, read_only));
  EXPECT_TRUE(is_zero(start + page));
}

TEST_F(AddressSpaceTest, ABlockThatIsUsedAgainHoldsNothing) {
  // More rounds than there are blocks, so that they come back.
  for (std::uint64_t round = 0; round < 3 * testing::Machine::pool_blocks; ++round) {
    ASSERT_EQ(map(start, 2 * window, read_write), start) << round;
    for (const std::uint64_t at : {start, start + window - page, start + window + 7 * page}) {
      ASSERT_TRUE(is_zero(at)) << round;
      fill(at);
    }
    ASSERT_TRUE(unmap(start, 2 * window));
    ASSERT_EQ(read(start), -1);
  }
}

/// A host that has written to what it gives, before or after the keep starts.
TEST_F(AddressSpaceTest, WhatTheHostLeftInMemoryIsNotSeen) {
  constexpr std::uint64_t given = testing::Machine::size / 2;
  constexpr std::uint64_t given_size = std::uint64_t{64} << 20U;
  using testing::Machine;
  std::memset(machine_->at(Machine::pool_base), 0xaa, Machine::pool_blocks * window);
  std::memset(machine_->at(Machine::table_base), 0xaa, Machine::table_pages * page);
  std::memset(machine_->at(given), 0xaa, given_size);
  machine_->below().host = [](const linux::testing::Asked& asked) -> linux::testing::Reply {
    if (asked.call != sallyport::Call::GrowMemory) return {};
    static constexpr sallyport::MemoryRange range{given, given_size};
    return {0, {reinterpret_cast<const char*>(&range), sizeof(range)}};
  };
  constexpr std::uint64_t windows = testing::Machine::pool_blocks + 16;
  for (std::uint64_t i = 0; i < windows; ++i) {
    const std::uint64_t at = start + i * window;
    // Whole windows and single pages, of what was there and of what was given.
    const bool whole = i % 2 == 0;
    ASSERT_GT(map(at, whole ? window : page, read_write), 0) << i;
    ASSERT_TRUE(is_zero(at)) << i;
    if (whole) {
      EXPECT_TRUE(is_zero(at + window - page)) << i;
    }
    ASSERT_GT(map(at + window - page, page, read_only), 0) << i;
    EXPECT_TRUE(is_zero(at + window - page)) << i;
  }
  // Only what is used was cleared: not the rest of a window, not the rest of the grant.
  const auto seen = machine_->walk(start + window);
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(*machine_->at(seen->physical + page), 0xaa);
  EXPECT_EQ(*machine_->at(given + given_size - 2 * window), 0xaa);
}

TEST_F(AddressSpaceTest, ContentStaysWhileThereIsNoAccess) {
  ASSERT_EQ(map(start, window, read_write), start);
  ASSERT_TRUE(write(start, 1));
  ASSERT_TRUE(write(start + 9 * page, 2));
  ASSERT_TRUE(protect(start, window, 0));
  EXPECT_EQ(read(start), -1);
  EXPECT_EQ(read(start + 9 * page), -1);
  ASSERT_TRUE(protect(start + 9 * page, page, 0));
  ASSERT_TRUE(protect(start, window, read_only));
  EXPECT_EQ(read(start), 1);
  EXPECT_EQ(read(start + 9 * page), 2);
  EXPECT_EQ(rights(start), "r--");
}

/// Of a few pages, of so many that all is forgotten, and of whole windows.
TEST_F(AddressSpaceTest, AccessThatIsTakenIsGoneAtOnce) {
  for (const std::uint64_t size :
       {page, 3 * page, 6 * page, 7 * page, 20 * page, window, window + page, 2 * window}) {
    make();
    ASSERT_EQ(map(start, 4 * window, read_write), start);
    const std::uint64_t begin = start + 2 * window - size / 2 / page * page;
    for (std::uint64_t at = begin - page; at <= begin + size; at += page) {
      ASSERT_TRUE(write(at, 7));  // the processor remembers it now
    }
    ASSERT_TRUE(protect(begin, size, read_only));
    for (std::uint64_t at = begin; at < begin + size; at += page) {
      ASSERT_EQ(rights(at), "r--") << size << " " << (at - begin) / page;
    }
    EXPECT_EQ(rights(begin - page), "rw-");
    EXPECT_EQ(rights(begin + size), "rw-");
    ASSERT_TRUE(protect(begin, size, code));
    ASSERT_EQ(rights(begin), "r-x");
    ASSERT_EQ(rights(begin + size - page), "r-x");
    ASSERT_TRUE(protect(begin, size, read_only));
    ASSERT_EQ(rights(begin), "r--") << "no longer code";
    ASSERT_EQ(rights(begin + size - page), "r--");
    ASSERT_TRUE(protect(begin, size, 0));
    for (std::uint64_t at = begin; at < begin + size; at += page) ASSERT_EQ(rights(at), "---");
  }
}

TEST_F(AddressSpaceTest, AccessThatIsGivenIsThereAtOnce) {
  for (const std::uint64_t size : {page, 7 * page, window}) {
    make();
    ASSERT_EQ(map(start, window, read_only), start);
    for (std::uint64_t at = start; at < start + size; at += page) ASSERT_EQ(read(at), 0);
    ASSERT_TRUE(protect(start, size, code));
    for (std::uint64_t at = start; at < start + size; at += page) ASSERT_EQ(rights(at), "r-x");
    ASSERT_TRUE(protect(start, size, read_only));
    for (std::uint64_t at = start; at < start + size; at += page) ASSERT_EQ(read(at), 0);
    ASSERT_TRUE(protect(start, size, read_write));
    for (std::uint64_t at = start; at < start + size; at += page) ASSERT_EQ(rights(at), "rw-");
  }
}

TEST_F(AddressSpaceTest, PagesThatAreUnmappedAreGoneAtOnce) {
  for (const std::uint64_t size : {page, 6 * page, 7 * page, window, window + page}) {
    make();
    ASSERT_EQ(map(start, 3 * window, read_write), start);
    const std::uint64_t begin = start + window - page;
    for (std::uint64_t at = begin; at < begin + size; at += page) ASSERT_TRUE(write(at, 7));
    ASSERT_TRUE(unmap(begin, size));
    for (std::uint64_t at = begin; at < begin + size; at += page) ASSERT_EQ(rights(at), "---");
  }
}

TEST_F(AddressSpaceTest, AFewPagesAreForgottenOneByOne) {
  ASSERT_EQ(map(start, window, read_write), start);
  machine_->all_forgotten = 0;
  ASSERT_TRUE(protect(start + page, 2 * page, read_only));
  EXPECT_EQ(machine_->all_forgotten, 0U);
  EXPECT_EQ(machine_->pages_forgotten, (std::vector{start + page, start + 2 * page}));
  ASSERT_TRUE(protect(start + 10 * page, 7 * page, read_only));
  EXPECT_EQ(machine_->all_forgotten, 1U);
  EXPECT_EQ(machine_->pages_forgotten.size(), 2U);
  // A whole large page is one.
  ASSERT_EQ(map(start + window, window, read_write), start + window);
  machine_->all_forgotten = 0;
  ASSERT_TRUE(protect(start + window, window, read_only));
  EXPECT_EQ(machine_->all_forgotten, 0U);
  EXPECT_EQ(machine_->pages_forgotten.back(), start + window);
}

TEST_F(AddressSpaceTest, WhatWasNotThereNeedsNotBeForgotten) {
  ASSERT_EQ(map(start, 4 * page, 0), start);
  ASSERT_TRUE(protect(start, 2 * page, read_write));
  ASSERT_TRUE(protect(start + 2 * page, page, read_only));
  EXPECT_EQ(machine_->all_forgotten, 0U);
  EXPECT_TRUE(machine_->pages_forgotten.empty());
}

TEST_F(AddressSpaceTest, WholeWindowsAreLargePages) {
  ASSERT_EQ(map(start, 2 * window + page, read_write), start);
  EXPECT_TRUE(machine_->is_large(start));
  EXPECT_TRUE(machine_->is_large(start + window));
  EXPECT_FALSE(machine_->is_large(start + 2 * window));
  ASSERT_TRUE(write(start + 3 * page, 3));
  ASSERT_TRUE(protect(start + 4 * page, page, read_only));
  EXPECT_FALSE(machine_->is_large(start));
  EXPECT_EQ(read(start + 3 * page), 3);
  EXPECT_EQ(rights(start + 3 * page), "rw-");
  EXPECT_EQ(rights(start + 5 * page), "rw-");
  // A window that grew to its end is one again.
  ASSERT_TRUE(protect(start, window, read_write));
  EXPECT_TRUE(machine_->is_large(start));
  EXPECT_EQ(read(start + 3 * page), 3);
  EXPECT_EQ(rights(start + 4 * page), "rw-");
}

TEST_F(AddressSpaceTest, AWindowThatFillsPageByPageBecomesLarge) {
  for (std::uint64_t i = 0; i < window / page; ++i) {
    ASSERT_FALSE(machine_->is_large(start));
    ASSERT_GT(map(start + i * page, page, read_write), 0);
    ASSERT_TRUE(write(start + i * page, static_cast<std::uint8_t>(i)));
  }
  EXPECT_TRUE(machine_->is_large(start));
  for (std::uint64_t i = 0; i < window / page; ++i) {
    ASSERT_EQ(read(start + i * page), static_cast<std::uint8_t>(i));
  }
}

TEST_F(AddressSpaceTest, AWindowThatFillsFromItsEndBecomesLarge) {
  for (std::uint64_t i = window / page; i > 0; --i) {
    ASSERT_FALSE(machine_->is_large(start));
    ASSERT_GT(map(start + (i - 1) * page, page, read_write), 0);
  }
  EXPECT_TRUE(machine_->is_large(start));
}

TEST_F(AddressSpaceTest, TheWindowsBesideWhatIsUnmappedStayLarge) {
  ASSERT_EQ(map(start, 3 * window, read_write), start);
  ASSERT_TRUE(unmap(start + window, window));
  EXPECT_TRUE(machine_->is_large(start));
  EXPECT_FALSE(machine_->walk(start + window));
  EXPECT_TRUE(machine_->is_large(start + 2 * window));
}

TEST_F(AddressSpaceTest, AWindowWithAnotherPageInItStaysSmall) {
  ASSERT_EQ(map(start, window, read_write), start);
  for (const std::uint64_t other : {start, start + 100 * page, start + window - page}) {
    ASSERT_TRUE(protect(other, page, read_only));
    ASSERT_TRUE(protect(start + 50 * page, window - 50 * page, read_write));
    ASSERT_TRUE(protect(other, page, read_only));
    EXPECT_FALSE(machine_->is_large(start));
    EXPECT_EQ(rights(other), "r--");
    ASSERT_TRUE(protect(start, window, read_write));
    EXPECT_TRUE(machine_->is_large(start));
  }
}

TEST_F(AddressSpaceTest, AReservationCostsNoMemory) {
  constexpr std::uint64_t huge = std::uint64_t{1} << 40U;
  ASSERT_EQ(map(start, huge, 0), start);
  EXPECT_FALSE(machine_->walk(start));
  ASSERT_TRUE(protect(start + huge / 2, page, read_write));
  EXPECT_TRUE(is_zero(start + huge / 2));
  ASSERT_TRUE(protect(start, huge, 0));
  EXPECT_EQ(rights(start + huge / 2), "---");
  ASSERT_TRUE(unmap(start, huge));
  for (std::uint64_t i = 0; i < 8; ++i) ASSERT_EQ(map(start, window, read_write), start);
}

TEST_F(AddressSpaceTest, AllMemoryComesBack) {
  machine_->below().host = [](const linux::testing::Asked&) {
    return linux::testing::Reply{-abi::Nomem};
  };
  const auto most = [&] {
    std::uint64_t windows = 0;
    while (map(start + windows * window, window, read_write) > 0) ++windows;
    return windows;
  };
  const std::uint64_t first = most();
  EXPECT_GT(first, 0U);
  EXPECT_LE(first, testing::Machine::pool_blocks);
  for (int round = 0; round < 40; ++round) {
    ASSERT_TRUE(unmap(start, (first + 1) * window));
    ASSERT_EQ(most(), first) << round;
    ASSERT_TRUE(protect(start + page, page, read_only)) << "one table";
  }
}

/// More often than there are pages for tables, so that they come back.
TEST_F(AddressSpaceTest, AWindowThatIsOneAgainGivesItsTableBack) {
  machine_->below().host = [](const linux::testing::Asked&) {
    return linux::testing::Reply{-abi::Nomem};
  };
  std::uint64_t windows = 0;
  while (map(start + windows * window, window, read_write) > 0) ++windows;
  ASSERT_GT(windows, 0U);
  constexpr int more_than_tables = 600;  // of the launcher, and of the block that is left
  for (int round = 0; round < more_than_tables; ++round) {
    ASSERT_TRUE(protect(start + page, page, read_only)) << round;
    ASSERT_FALSE(machine_->is_large(start));
    ASSERT_TRUE(protect(start, window, read_write));
    ASSERT_TRUE(machine_->is_large(start));
  }
  ASSERT_TRUE(unmap(start, window));
  for (int round = 0; round < more_than_tables; ++round) {
    ASSERT_EQ(map(start, page, read_write), start) << round;
    ASSERT_TRUE(unmap(start, page)) << "and so does one that is given back";
  }
}

TEST_F(AddressSpaceTest, AMappingThatThereIsNoMemoryForLeavesNothing) {
  machine_->below().host = [](const linux::testing::Asked&) {
    return linux::testing::Reply{-abi::Nomem};
  };
  ASSERT_EQ(map(start, 100 * window, read_write), -abi::Nomem);
  EXPECT_FALSE(machine_->memory().allows(start, 1, false));
  EXPECT_EQ(rights(start), "---");
  EXPECT_EQ(map(start, 4 * window, read_write), start);
  EXPECT_TRUE(is_zero(start));
  std::uint64_t windows = 4;
  while (map(start + windows * window, window, read_write) > 0) ++windows;
  EXPECT_EQ(map(start + windows * window, page, read_write), -abi::Nomem) << "nor for one page";
  EXPECT_FALSE(machine_->memory().allows(start + windows * window, 1, false));
}

/// Each mapping that there is no block for leaves a table or two on the way to it.
TEST_F(AddressSpaceTest, WithoutMemoryForATableAccessStaysAsItWas) {
  machine_->below().host = [](const linux::testing::Asked&) {
    return linux::testing::Reply{-abi::Nomem};
  };
  ASSERT_EQ(map(start, 4 * window, read_write), start);
  ASSERT_TRUE(write(start + page, 5));
  constexpr std::uint64_t far = std::uint64_t{1} << 30U;
  for (std::uint64_t i = 1; i <= 600; ++i)
    static_cast<void>(map(start + i * far, page, read_write));
  EXPECT_FALSE(protect(start + page, page, read_only));
  EXPECT_EQ(rights(start + page), "rw-");
  EXPECT_TRUE(machine_->memory().allows(start + page, page, true));
  EXPECT_EQ(read(start + page), 5);
  EXPECT_EQ(map(start + 700 * far, page, read_write), -abi::Nomem);
  EXPECT_EQ(map(start + 5000 * far, page, read_write), -abi::Nomem) << "not even the first table";
  ASSERT_TRUE(protect(start, window, read_only)) << "a whole window needs none";
  EXPECT_EQ(rights(start + page), "r--");
  ASSERT_TRUE(unmap(start + 2 * window, window));
  EXPECT_EQ(map(start + 2 * window, page, read_write), -abi::Nomem);
  EXPECT_EQ(map(start + 2 * window, window, read_write), start + 2 * window)
      << "the block is still there";
  EXPECT_EXIT(unmap(start + page, page), ::testing::ExitedWithCode(125),
              "no memory for a page table");
}

TEST_F(AddressSpaceTest, TheShimsOwnViewIsNotTheKeeps) {
  for (const auto world : {sallyport::World::Ring0, sallyport::World::Collapsed}) {
    make(world);
    machine_->below().host = [](const linux::testing::Asked& asked) {
      const sallyport::MemoryRange range{std::uint64_t{64} << 20U, asked.arguments[0]};
      return linux::testing::Reply{0, {reinterpret_cast<const char*>(&range), sizeof(range)}};
    };
    ASSERT_EQ(map(start, (testing::Machine::pool_blocks + 2) * window, read_write), start);
    const std::uint64_t physical = std::uint64_t{66} << 20U;
    const auto to = machine_->walk(sallyport::direct_map + physical);
    ASSERT_TRUE(to.has_value());
    EXPECT_EQ(to->physical, physical);
    EXPECT_TRUE(to->writable);
    EXPECT_FALSE(to->executable);
    EXPECT_EQ(to->user, world == sallyport::World::Collapsed);
  }
}

/// Against a map from pages to what the keep asked for, with a processor that remembers all it can.
TEST_F(AddressSpaceTest, DoesAsAPlainMapDoes) {
  struct Page {
    Access access;
    std::uint8_t value;
  };
  constexpr std::uint64_t pages = 3 * window / page;
  const std::array protections{std::uint64_t{0}, read_only, read_write, read_write, code};
  const std::array accesses{Access::None, Access::Read, Access::ReadWrite, Access::ReadWrite,
                            Access::ReadExecute};
  std::map<std::uint64_t, Page> model;
  std::mt19937_64 random(11);
  const auto check = [&](std::uint64_t number) {
    const auto found = model.find(number);
    const std::uint64_t at = start + number * page;
    const Access access = found == model.end() ? Access::None : found->second.access;
    ASSERT_EQ(may(at, Use::Read), access != Access::None) << number;
    ASSERT_EQ(may(at, Use::Write), access == Access::ReadWrite) << number;
    ASSERT_EQ(may(at, Use::Execute), access == Access::ReadExecute) << number;
    if (access == Access::None) return;
    const std::uint64_t offset = random() % page;
    ASSERT_EQ(read(at + offset), found->second.value) << number;
    if (access != Access::ReadWrite) return;
    found->second.value = static_cast<std::uint8_t>(random());
    std::memset(machine_->reach(at, Use::Write), found->second.value, page);
  };
  for (int round = 0; round < 4000; ++round) {
    const bool whole = random() % 4 == 0;
    const std::uint64_t unit = whole ? window / page : 1;
    const std::uint64_t from = random() % (pages / unit) * unit;
    const std::uint64_t most = std::min<std::uint64_t>((pages - from) / unit, whole ? 3 : 12);
    const std::uint64_t to = from + (1 + random() % most) * unit;
    const std::uint64_t size = (to - from) * page;
    const std::size_t kind = random() % protections.size();
    switch (random() % 4) {
      case 0:
        ASSERT_EQ(map(start + from * page, size, protections[kind]), start + from * page) << round;
        for (std::uint64_t i = from; i < to; ++i) model[i] = {accesses[kind], 0};
        break;
      case 1:
        ASSERT_TRUE(unmap(start + from * page, size)) << round;
        for (std::uint64_t i = from; i < to; ++i) model.erase(i);
        break;
      default: {
        bool all = true;
        for (std::uint64_t i = from; i < to; ++i) all &= model.contains(i);
        ASSERT_EQ(protect(start + from * page, size, protections[kind]), all) << round;
        if (!all) break;
        for (std::uint64_t i = from; i < to; ++i) model[i].access = accesses[kind];
      }
    }
    for (const std::uint64_t near : {from, to - 1, (from + to) / 2, from - 1, to}) {
      if (near < pages) check(near);
    }
    for (int i = 0; i < 16; ++i) check(random() % pages);
    if (HasFatalFailure()) FAIL() << "in round " << round;
  }
}

}  // namespace
}  // namespace merlon::shim::x86
