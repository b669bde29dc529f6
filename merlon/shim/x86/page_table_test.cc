#include "merlon/shim/x86/page_table.h"

#include <memory>

#include <gtest/gtest.h>

#include "merlon/shim/linux/abi.h"
#include "merlon/shim/x86/testing/machine.h"

namespace merlon::shim::x86 {
namespace {

namespace abi = linux::abi;

constexpr std::uint64_t start = sallyport::mapping_start;

class PageTableTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!testing::has_room_for_a_machine()) GTEST_SKIP() << "the direct map's addresses are taken";
    machine_ = std::make_unique<testing::Machine>();
  }
  std::unique_ptr<testing::Machine> machine_;
};

/// Else a reservation of a tebibyte is given back window by window.
TEST_F(PageTableTest, WhatHasNoDirectoryIsSkippedAtOnce) {
  ASSERT_EQ(machine_->memory().map(start, block_size, abi::prot_read,
                                   abi::map_anonymous | abi::map_fixed),
            start);
  constexpr std::uint64_t directory = std::uint64_t{1} << 30U;
  constexpr std::uint64_t pointers = std::uint64_t{1} << 39U;
  std::uint64_t skip = 7;
  EXPECT_NE(find_directory_entry(start, skip), nullptr);
  EXPECT_EQ(skip, 7U);
  EXPECT_EQ(find_directory_entry(start + directory + block_size, skip), nullptr);
  EXPECT_EQ(skip, start + 2 * directory);
  EXPECT_EQ(find_directory_entry(start + pointers + directory, skip), nullptr);
  EXPECT_EQ(skip, start + 2 * pointers);
}

}  // namespace
}  // namespace merlon::shim::x86
