#include "merlon/shim/sgx/pages.h"

#include <random>

#include <gtest/gtest.h>

#include "merlon/shim/sgx/testing/machine.h"

namespace merlon::shim::sgx {
namespace {

using linux::Access;
using linux::page_size;
using linux::Range;
using sallyport::mapping_start;
using sallyport::PageChange;
namespace abi = linux::abi;

constexpr std::uint64_t read_write = abi::prot_read | abi::prot_write;

class PagesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    sallyport::BootInfo boot{};
    boot.break_start = sallyport::user_start + 16 * page_size;
    boot.region_count = 2;
    boot.regions[0] = {sallyport::user_start, sallyport::user_start + 4 * page_size,
                       Access::ReadExecute};
    boot.regions[1] = {sallyport::stack_end - 8 * page_size, sallyport::stack_end,
                       Access::ReadWrite};
    boot.pool_base = boot.regions[1].start;
    boot.pool_size = 7 * page_size;
    memory_.begin(boot);
    pages_.begin(boot, memory_.ledger());
  }
  std::uint64_t map(std::uint64_t size, std::uint64_t protection = read_write) {
    const auto got = memory_.map(0, size, protection, abi::map_anonymous);
    EXPECT_GT(got, 0);
    return static_cast<std::uint64_t>(got);
  }
  [[nodiscard]] std::size_t requests() { return machine_.linux().asked.size(); }
  /// Without those of the book.
  [[nodiscard]] std::size_t there() const {
    std::size_t count = 0;
    for (const auto& [address, page] : machine_.there_) {
      if (address >= sallyport::user_start) ++count;
    }
    return count;
  }

  testing::Machine machine_;
  linux::Memory& memory_ = machine_.linux().keep().memory;
  Pages& pages_ = machine_.pages();
};

TEST_F(PagesTest, APageComesWhenItIsUsed) {
  const std::uint64_t at = map(64 * page_size);
  EXPECT_EQ(there(), 0U);
  EXPECT_TRUE(pages_.take_missing(at + 20 * page_size + 5));
  EXPECT_EQ(machine_.rights(at + 20 * page_size), page_read | page_write);
  EXPECT_EQ(there(), 16U) << "those around it as well";
  EXPECT_FALSE(pages_.take_missing(at + 20 * page_size)) << "but once";
}

/// The first 2 MiB that begin in a mapping, so that blocks of all sizes do.
constexpr std::uint64_t largest = 512 * page_size;
std::uint64_t aligned(std::uint64_t at) { return (at + largest - 1) & ~(largest - 1); }

/// As much as can be mapped around such a beginning, and still be no large region.
constexpr std::size_t most_of_small = 1023;

TEST_F(PagesTest, WhoGoesOnGetsLargerBlocks) {
  const std::uint64_t mapped = map(2048 * page_size);
  const std::uint64_t at = aligned(mapped);
  ASSERT_EQ(memory_.protect(at + most_of_small * page_size, page_size, 0), 0);
  if (at != mapped) {
    ASSERT_EQ(memory_.protect(at - page_size, page_size, 0), 0);
  }
  std::size_t sum = 0;
  for (const std::size_t more : {16U, 16U, 32U, 64U, 128U, 256U}) {
    ASSERT_TRUE(pages_.take_missing(at + sum * page_size));
    EXPECT_EQ(there(), sum += more);
  }
  ASSERT_TRUE(pages_.take_missing(at + 900 * page_size));
  EXPECT_EQ(there(), sum + 16) << "who jumps does not";
  ASSERT_TRUE(pages_.take_missing(at + sum * page_size));
  EXPECT_EQ(there(), sum + 32) << "nor who goes on elsewhere";
}

TEST_F(PagesTest, ABlockBeginsAtAMultipleOfItsSize) {
  const std::uint64_t mapped = map(2048 * page_size);
  const std::uint64_t at = aligned(mapped);
  ASSERT_EQ(memory_.protect(at + most_of_small * page_size, page_size, 0), 0);
  if (at != mapped) {
    ASSERT_EQ(memory_.protect(at - page_size, page_size, 0), 0);
  }
  std::uint64_t next = at + 40 * page_size;  // in the third block of the least size
  std::size_t before = 0;
  for (const std::size_t more : {16U, 16U, 64U, 128U, 256U}) {
    ASSERT_TRUE(pages_.take_missing(next));
    EXPECT_EQ(there(), before + more);
    before += more;
    next = at + (32 + before) * page_size;
  }
  EXPECT_EQ(next, at + largest);
}

TEST_F(PagesTest, WhatIsLargeComesInTheLargestBlocks) {
  const std::uint64_t at = aligned(map(2048 * page_size));
  ASSERT_TRUE(pages_.take_missing(at + 700 * page_size));
  EXPECT_EQ(there(), 512U);
  EXPECT_TRUE(machine_.rights(at + 512 * page_size));
  EXPECT_TRUE(machine_.rights(at + 1023 * page_size));
}

TEST_F(PagesTest, WhoGoesOnGetsWhatIsAllowedAndMissing) {
  const std::uint64_t at = map(96 * page_size);
  ASSERT_TRUE(pages_.take_missing(at + 40 * page_size));
  ASSERT_TRUE(pages_.take_missing(at));
  ASSERT_TRUE(pages_.take_missing(at + 16 * page_size));
  EXPECT_EQ(there(), 48U) << "up to those that there are";
  ASSERT_EQ(memory_.protect(at + 60 * page_size, page_size, 0), 0);
  ASSERT_TRUE(pages_.take_missing(at + 48 * page_size));
  EXPECT_EQ(there(), 60U) << "up to what nobody may use";
}

TEST_F(PagesTest, AReservationCostsNothing) {
  const std::uint64_t at = map(std::uint64_t{8} << 30U, 0);
  EXPECT_EQ(requests(), 0U);
  EXPECT_FALSE(pages_.take_missing(at));
  EXPECT_EQ(there(), 0U);
}

TEST_F(PagesTest, NothingComesWhereTheLedgerAllowsNothing) {
  const std::uint64_t at = map(16 * page_size);
  ASSERT_EQ(memory_.protect(at, page_size, 0), 0);
  EXPECT_FALSE(pages_.take_missing(at));
  EXPECT_FALSE(pages_.take_missing(0));
  EXPECT_FALSE(pages_.take_missing(at + 16 * page_size));
  EXPECT_TRUE(pages_.take_missing(at + page_size));
  EXPECT_FALSE(machine_.rights(at)) << "its neighbour did not come along";
}

TEST_F(PagesTest, TheStackComesByItself) {
  EXPECT_TRUE(pages_.take_missing(sallyport::stack_end - 3 * page_size));
  EXPECT_FALSE(pages_.take_missing(sallyport::stack_end - page_size)) << "which there is";
}

TEST_F(PagesTest, RightsGoBeforeOthersCome) {
  const std::uint64_t at = map(2 * page_size);
  ASSERT_TRUE(pages_.reach(at, 2 * page_size));
  ASSERT_EQ(memory_.protect(at, 2 * page_size, abi::prot_read | abi::prot_exec), 0);
  EXPECT_EQ(machine_.rights(at), page_read | page_execute);
  ASSERT_EQ(memory_.protect(at, page_size, read_write), 0);
  EXPECT_EQ(machine_.rights(at), page_read | page_write);
  EXPECT_EQ(machine_.rights(at + page_size), page_read | page_execute);
  ASSERT_EQ(memory_.protect(at, page_size, 0), 0);
  EXPECT_EQ(machine_.rights(at), 0U);
  EXPECT_FALSE(machine_.was_writable_and_executable);
}

TEST_F(PagesTest, APageThatComesToBeReadIsNotWritable) {
  const std::uint64_t at = map(page_size, abi::prot_read);
  ASSERT_TRUE(pages_.take_missing(at));
  EXPECT_EQ(machine_.rights(at), page_read);
}

TEST_F(PagesTest, WhatIsTakenIsGone) {
  const std::uint64_t at = map(32 * page_size);
  ASSERT_TRUE(pages_.reach(at, 32 * page_size));
  ASSERT_EQ(memory_.unmap(at + page_size, 4 * page_size), 0);
  EXPECT_EQ(there(), 28U);
  EXPECT_FALSE(pages_.take_missing(at + page_size));
  EXPECT_EQ(memory_.unmap(at, 32 * page_size), 0);
  EXPECT_EQ(there(), 0U);
}

TEST_F(PagesTest, AHostThatSwapsAPageDoesNotGetItAccepted) {
  const std::uint64_t at = map(page_size);
  ASSERT_TRUE(pages_.take_missing(at));
  machine_.there_.erase(at);  // and the kernel would add a new one, zero
  EXPECT_FALSE(pages_.take_missing(at));
  EXPECT_FALSE(machine_.rights(at));
}

TEST_F(PagesTest, AHostThatLeavesARightEndsTheKeep) {
  const std::uint64_t at = map(page_size);
  ASSERT_TRUE(pages_.take_missing(at));
  machine_.lies = [](std::uint64_t, PageChange change) { return change == PageChange::Restrict; };
  EXPECT_EXIT(static_cast<void>(memory_.protect(at, page_size, abi::prot_read)),
              ::testing::ExitedWithCode(125), "not as it was asked for");
}

TEST_F(PagesTest, AHostThatDoesNotTrimEndsTheKeep) {
  const std::uint64_t at = map(page_size);
  ASSERT_TRUE(pages_.take_missing(at));
  machine_.lies = [](std::uint64_t, PageChange change) { return change == PageChange::Trim; };
  EXPECT_EXIT(static_cast<void>(memory_.unmap(at, page_size)), ::testing::ExitedWithCode(125),
              "not as it was asked for");
}

/// A page of another kind, or with other rights, than a new one has.
TEST_F(PagesTest, AHostThatAddsAnotherPageEndsTheKeep) {
  const std::uint64_t at = map(page_size);
  for (const std::uint64_t flags :
       {page_read | page_pending | page_regular,
        page_read | page_write | page_execute | page_pending | page_regular,
        page_read | page_write | page_regular, page_pending | page_trimmed}) {
    machine_.there_[at] = {flags};
    EXPECT_EXIT(static_cast<void>(pages_.take_missing(at)), ::testing::ExitedWithCode(125),
                "not as it was asked for");
  }
}

TEST_F(PagesTest, WhatIsReachedEndsWithItsLastByte) {
  const std::uint64_t at = map(64 * page_size);
  ASSERT_TRUE(pages_.reach(at + 16 * page_size - 1, 1));
  EXPECT_EQ(there(), 16U);
  ASSERT_TRUE(pages_.reach(at + 16 * page_size, 1));
  EXPECT_EQ(there(), 32U);
  ASSERT_TRUE(pages_.reach(at + 32 * page_size - 1, 2));
  EXPECT_EQ(there(), 64U);
  EXPECT_TRUE(pages_.reach(at + 64 * page_size + 5, 0)) << "nothing is anywhere";
  EXPECT_FALSE(pages_.reach(at + 64 * page_size - 1, 2)) << "where there is nothing";
}

/// Error codes of a page fault [SDM vol. 3A §4.7]: what was tried.
TEST_F(PagesTest, APageIsThereForWhatItAllows) {
  constexpr std::uint32_t reads = 4, writes = 6, fetches = 0x14;
  struct Case {
    std::uint64_t protection;
    bool read, written, executed;
  };
  for (const Case& each :
       {Case{read_write, true, true, false}, Case{abi::prot_read, true, false, false},
        Case{abi::prot_read | abi::prot_exec, true, false, true}, Case{0, false, false, false}}) {
    const std::uint64_t at = map(page_size);
    EXPECT_FALSE(pages_.has(at, reads)) << "not yet";
    ASSERT_TRUE(pages_.reach(at, page_size));
    ASSERT_EQ(memory_.protect(at, page_size, each.protection), 0);
    EXPECT_EQ(pages_.has(at + 5, reads), each.read) << each.protection;
    EXPECT_EQ(pages_.has(at + 5, writes), each.written) << each.protection;
    EXPECT_EQ(pages_.has(at + 5, fetches), each.executed) << each.protection;
  }
}

TEST_F(PagesTest, AChangeThatTheHostRefusesIsNone) {
  const std::uint64_t at = map(2 * page_size);
  const Range both{at, at + 2 * page_size};
  ASSERT_TRUE(pages_.reach(at, page_size));
  machine_.refuses = PageChange::Restrict;
  EXPECT_FALSE(pages_.give(both, Access::Read));
  EXPECT_FALSE(pages_.give(both, Access::None));
  machine_.refuses = PageChange::Reach;
  EXPECT_FALSE(pages_.give(both, Access::ReadWrite));
  EXPECT_EQ(machine_.rights(at), page_read | page_write);
  EXPECT_FALSE(pages_.give(both, Access::None));
  machine_.refuses.reset();
  EXPECT_TRUE(pages_.give(both, Access::Read));
  EXPECT_EQ(machine_.rights(at), page_read);
}

/// Else it would come again by itself.
TEST_F(PagesTest, APageThatNobodyMayUseIsNotMapped) {
  const std::uint64_t at = map(page_size);
  ASSERT_TRUE(pages_.reach(at, page_size));
  ASSERT_EQ(memory_.protect(at, page_size, 0), 0);
  const linux::testing::Asked& last = machine_.linux().asked.back();
  EXPECT_EQ(last.call, sallyport::Call::ChangePages);
  EXPECT_EQ(last.arguments,
            (sallyport::Arguments{at, page_size, static_cast<std::uint64_t>(PageChange::Reach),
                                  static_cast<std::uint64_t>(Access::None)}));
}

TEST_F(PagesTest, AHostThatDoesNotTakeAPageBackEndsTheKeep) {
  const std::uint64_t at = map(page_size);
  ASSERT_TRUE(pages_.reach(at, page_size));
  for (const PageChange change : {PageChange::Reach, PageChange::Trim, PageChange::Remove}) {
    machine_.refuses = change;
    EXPECT_EXIT(static_cast<void>(memory_.unmap(at, page_size)), ::testing::ExitedWithCode(125),
                "does not take back pages");
  }
}

TEST_F(PagesTest, APageBeyondTheEnclaveIsNone) {
  constexpr std::uint32_t reads = 4;
  EXPECT_FALSE(pages_.has(sallyport::enclave_size, reads));
  EXPECT_FALSE(pages_.has(~std::uint64_t{0}, reads));
}

/// BootInfo lies in a page of its own, and what stands behind its regions is none.
TEST_F(PagesTest, NoMoreRegionsAreTakenOverThanThereIsRoomFor) {
  struct Page {
    sallyport::BootInfo boot;
    sallyport::BootRegion behind;
  } page{};
  page.boot.region_count = sallyport::max_boot_regions + 1;
  page.behind = {sallyport::mapping_start, sallyport::mapping_start + page_size, Access::ReadWrite};
  pages_.begin(page.boot, memory_.ledger());
  EXPECT_FALSE(pages_.has(sallyport::mapping_start, 4));
  page.boot.region_count = 1;
  page.boot.regions[1] = page.behind;
  pages_.begin(page.boot, memory_.ledger());
  EXPECT_FALSE(pages_.has(sallyport::mapping_start, 4)) << "nor than are said";
}

/// With pages all over its addresses, far from those of a keep.
TEST_F(PagesTest, APageThatTheBookCannotHoldDoesNotCome) {
  constexpr std::uint64_t leaf = std::uint64_t{16} << 20U;
  constexpr std::uint64_t branch = 512 * leaf;
  constexpr std::uint64_t most =
      (sallyport::page_book_end - sallyport::page_book_start) / page_size;
  sallyport::BootInfo boot{};
  boot.region_count = 1;
  const auto remember = [&](std::uint64_t at) {
    boot.regions[0] = {at, at + page_size, Access::Read};
    pages_.begin(boot, memory_.ledger());
  };
  const std::uint64_t at = map(page_size);
  // Each is a leaf of the book, and the first one of each branch a page more.
  for (std::uint64_t next = branch; machine_.accepted < most; next += leaf) remember(next);
  EXPECT_FALSE(pages_.take_missing(at));
  EXPECT_FALSE(machine_.rights(at));
  EXPECT_EXIT(remember(sallyport::mapping_start), ::testing::ExitedWithCode(125),
              "no room to remember its pages");
}

/// What the processor has follows the ledger, whatever the keep does.
TEST_F(PagesTest, ManyChanges) {
  std::mt19937_64 random(19);
  constexpr std::uint64_t count = 96;
  const std::uint64_t base = map(count * page_size, 0);
  constexpr std::array<std::uint64_t, 4> protections{0, abi::prot_read, read_write,
                                                     abi::prot_read | abi::prot_exec};
  for (int step = 0; step < 4000; ++step) {
    const std::uint64_t first = random() % count;
    const std::uint64_t size = (1 + random() % (count - first)) * page_size;
    const std::uint64_t at = base + first * page_size;
    switch (random() % 4) {
      case 0:
        ASSERT_GT(
            memory_.map(at, size, protections[random() % 4], abi::map_anonymous | abi::map_fixed),
            0);
        break;
      case 1: static_cast<void>(memory_.protect(at, size, protections[random() % 4])); break;
      case 2: ASSERT_EQ(memory_.unmap(at, size), 0); break;
      default: static_cast<void>(pages_.take_missing(at)); break;
    }
    for (std::uint64_t page = base; page < base + count * page_size; page += page_size) {
      const auto rights = machine_.rights(page);
      if (!rights) continue;
      const auto region = memory_.ledger().find(page);
      ASSERT_TRUE(region) << step;
      ASSERT_EQ(*rights, rights_of(region->access)) << step;
    }
  }
  EXPECT_FALSE(machine_.was_writable_and_executable);
}

}  // namespace
}  // namespace merlon::shim::sgx
