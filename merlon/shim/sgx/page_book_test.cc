#include "merlon/shim/sgx/page_book.h"

#include <gtest/gtest.h>

#include "merlon/shim/sgx/testing/machine.h"

namespace merlon::shim::sgx {
namespace {

using linux::page_size;
using linux::Range;

constexpr std::uint64_t leaf = std::uint64_t{16} << 20U;
constexpr std::uint64_t branch = std::uint64_t{8} << 30U;
constexpr std::uint64_t somewhere = 5 * branch + 7 * leaf;

class PageBookTest : public ::testing::Test {
 protected:
  void expect_run(std::uint64_t at, std::uint64_t limit, PageState state, std::uint64_t end) {
    const PageRun run = book_.run_at(at, limit);
    EXPECT_EQ(run.state, state) << std::hex << at;
    EXPECT_EQ(run.end, end) << std::hex << at;
  }

  testing::Machine machine_;
  PageBook book_;
};

TEST_F(PageBookTest, OfNothingIsAbsentToTheLimit) {
  expect_run(0, sallyport::enclave_size, PageState::Absent, sallyport::enclave_size);
  expect_run(somewhere, somewhere + page_size, PageState::Absent, somewhere + page_size);
  expect_run(somewhere, somewhere + 3 * branch, PageState::Absent, somewhere + 3 * branch);
  EXPECT_EQ(machine_.accepted, 0U) << "to ask costs no page";
}

TEST_F(PageBookTest, ARunEndsWhereTheStateDoes) {
  ASSERT_TRUE(book_.set({somewhere, somewhere + 3 * page_size}, PageState::Read));
  ASSERT_TRUE(book_.set({somewhere + page_size, somewhere + 2 * page_size}, PageState::ReadWrite));
  expect_run(somewhere, somewhere + leaf, PageState::Read, somewhere + page_size);
  expect_run(somewhere + page_size, somewhere + leaf, PageState::ReadWrite,
             somewhere + 2 * page_size);
  expect_run(somewhere + 2 * page_size, somewhere + leaf, PageState::Read,
             somewhere + 3 * page_size);
  expect_run(somewhere + 3 * page_size, somewhere + 2 * leaf, PageState::Absent,
             somewhere + 2 * leaf);
  expect_run(somewhere - 5 * page_size, somewhere + leaf, PageState::Absent, somewhere);
}

TEST_F(PageBookTest, ARunGoesOnAcrossLeavesAndBranches) {
  for (const std::uint64_t edge : {somewhere + leaf, 9 * branch}) {
    ASSERT_TRUE(book_.set({edge - 2 * page_size, edge + 2 * page_size}, PageState::Read));
    expect_run(edge - 2 * page_size, edge + leaf, PageState::Read, edge + 2 * page_size);
    expect_run(edge - 2 * page_size, edge + page_size, PageState::Read, edge + page_size);
    expect_run(edge - leaf, edge + leaf, PageState::Absent, edge - 2 * page_size);
  }
}

TEST_F(PageBookTest, WhatWasNeverThereEndsARunLikeAnythingElse) {
  ASSERT_TRUE(book_.set({somewhere, somewhere + leaf}, PageState::ReadWrite));
  expect_run(somewhere, somewhere + 3 * leaf, PageState::ReadWrite, somewhere + leaf);
  expect_run(somewhere - 3 * leaf, somewhere + leaf, PageState::Absent, somewhere);
  ASSERT_TRUE(book_.set({9 * branch - leaf, 9 * branch}, PageState::ReadWrite));
  expect_run(9 * branch - leaf, 11 * branch, PageState::ReadWrite, 9 * branch);
}

TEST_F(PageBookTest, TheLastPageOfTheEnclaveHasItsPlace) {
  constexpr std::uint64_t end = sallyport::enclave_size;
  ASSERT_TRUE(book_.set({end - page_size, end}, PageState::None));
  expect_run(end - page_size, end, PageState::None, end);
  expect_run(end - 2 * branch, end, PageState::Absent, end - page_size);
}

/// A page for a leaf and one for a branch, and each of them once.
TEST_F(PageBookTest, TakesPagesOfItsOwnAsItGrows) {
  ASSERT_TRUE(book_.set({somewhere, somewhere + leaf}, PageState::Read));
  EXPECT_EQ(machine_.accepted, 2U);
  ASSERT_TRUE(book_.set({somewhere, somewhere + leaf}, PageState::Absent));
  EXPECT_EQ(machine_.accepted, 2U);
  ASSERT_TRUE(book_.set({somewhere + leaf, somewhere + leaf + page_size}, PageState::Read));
  EXPECT_EQ(machine_.accepted, 3U);
  EXPECT_EQ(machine_.rights(sallyport::page_book_start), page_read | page_write);
  EXPECT_EQ(machine_.rights(sallyport::page_book_start + 2 * page_size), page_read | page_write);
}

TEST_F(PageBookTest, APageOfItsOwnThatIsAnotherEndsTheKeep) {
  machine_.there_[sallyport::page_book_start] = {page_read | page_pending | page_regular};
  EXPECT_EXIT(static_cast<void>(book_.set({somewhere, somewhere + page_size}, PageState::Read)),
              ::testing::ExitedWithCode(125), "not as it was asked for");
}

/// A keep with memory all over its addresses: it is told, and nothing is written elsewhere.
TEST_F(PageBookTest, ThatIsFullSaysSo) {
  constexpr std::uint64_t most =
      (sallyport::page_book_end - sallyport::page_book_start) / page_size;
  std::uint64_t leaves = 0;
  const auto set_next = [&] {
    const std::uint64_t at = somewhere + leaves * leaf;
    return book_.set({at, at + page_size}, PageState::Read);
  };
  while (leaves < most && set_next()) ++leaves;
  EXPECT_EQ(machine_.accepted, most);
  EXPECT_LT(leaves, most);
  EXPECT_FALSE(set_next());
  EXPECT_FALSE(book_.set({0, page_size}, PageState::Read)) << "without a branch either";
  EXPECT_EQ(machine_.accepted, most);
  expect_run(somewhere, somewhere + leaf, PageState::Read, somewhere + page_size);
}

}  // namespace
}  // namespace merlon::shim::sgx
