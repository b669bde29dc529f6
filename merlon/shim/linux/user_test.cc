#include "merlon/shim/linux/user.h"

#include <string>

#include <gtest/gtest.h>

#include "merlon/shim/linux/testing/machine.h"

namespace merlon::shim::linux {
namespace {

/// Three pages of the keep, the middle of which is written; what lies behind is nobody's.
class UserTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!testing::has_room_for_a_keep()) GTEST_SKIP() << "a keep's addresses are taken here";
    start_ = machine_.map(pages * page_size);
    end_ = start_ + pages * page_size;
  }
  std::optional<std::string> path_at(std::uint64_t address) {
    const auto bytes = user_path(address);
    if (!bytes) return std::nullopt;
    return std::string(core::as_text(*bytes));
  }

  static constexpr std::uint64_t pages = 3;
  testing::Machine machine_;
  std::uint64_t start_ = 0;
  std::uint64_t end_ = 0;
};

TEST_F(UserTest, APathEndsAtItsNul) {
  machine_.put(start_ + 100, std::string_view("a/b\0c", 5));
  EXPECT_EQ(path_at(start_ + 100), "a/b");
  EXPECT_EQ(path_at(start_ + 103), "");
}

TEST_F(UserTest, APathMayCrossPages) {
  // Every way to lie across the first boundary, and one that crosses two.
  const std::string name = "0123456789";
  for (std::uint64_t before = 0; before <= name.size(); ++before) {
    const std::uint64_t at = start_ + page_size - before;
    machine_.put(at, name + '\0');
    EXPECT_EQ(path_at(at), name) << before;
  }
  const std::string longest(sallyport::max_path, 'p');
  machine_.put(start_ + page_size - 1, longest + '\0');
  EXPECT_EQ(path_at(start_ + page_size - 1), longest);
}

TEST_F(UserTest, NothingBehindThePageOfItsEndIsLookedAt) {
  const std::string longest(sallyport::max_path, 'p');
  for (std::uint64_t offset = 1; offset < page_size; offset += 7) {
    const std::uint64_t at = end_ - 2 * page_size + offset;
    machine_.put(at, longest + '\0');
    ASSERT_EQ(path_at(at), longest) << offset;
  }
}

TEST_F(UserTest, ThePagesOfAPathMayHaveOtherRights) {
  ASSERT_EQ(machine_.keep().memory.protect(start_ + page_size, page_size, abi::prot_read), 0);
  machine_.put(start_ + page_size - 2, "ab");
  EXPECT_EQ(path_at(start_ + page_size - 2), "ab");
  ASSERT_EQ(machine_.keep().memory.protect(start_ + page_size, page_size, 0), 0);
  EXPECT_EQ(path_at(start_ + page_size - 2), std::nullopt);
}

TEST_F(UserTest, APathIsTheLongestOfLinuxAtMost) {
  machine_.put(start_ + 5, std::string(sallyport::max_path + 1, 'p') + '\0');
  EXPECT_EQ(path_at(start_ + 5), std::nullopt);
  EXPECT_EQ(path_at(start_ + 6)->size(), sallyport::max_path);
}

TEST_F(UserTest, APathMayEndWithTheKeepsLastByte) {
  machine_.put(end_ - 4, std::string_view("end\0", 4));
  EXPECT_EQ(path_at(end_ - 4), "end");
  machine_.put(end_ - 4, "more");
  EXPECT_EQ(path_at(end_ - 4), std::nullopt);
  EXPECT_EQ(path_at(end_), std::nullopt);
  EXPECT_EQ(path_at(start_ - 1), std::nullopt);
  EXPECT_EQ(path_at(~std::uint64_t{0}), std::nullopt);
}

TEST_F(UserTest, ObjectsAreReadAndWrittenWholeOrNotAtAll) {
  constexpr std::uint64_t number = 0x0123'4567'89ab'cdef;
  ASSERT_TRUE(write_user(start_ + page_size - 3, number));
  std::uint64_t read = 0;
  ASSERT_TRUE(read_user(start_ + page_size - 3, read));
  EXPECT_EQ(read, number);
  EXPECT_FALSE(write_user(end_ - 7, number));
  EXPECT_FALSE(read_user(end_ - 7, read));
  EXPECT_TRUE(write_user(end_ - 8, number));
  EXPECT_EQ(machine_.get(end_ - 8, 1), "\xef");
}

TEST_F(UserTest, WhatMayOnlyBeReadIsNotWritten) {
  ASSERT_EQ(machine_.keep().memory.protect(start_, page_size, abi::prot_read), 0);
  std::uint64_t value = 1;
  EXPECT_TRUE(read_user(start_, value));
  EXPECT_EQ(value, 0U);
  EXPECT_FALSE(write_user(start_, value));
  EXPECT_FALSE(writable_bytes(start_ + page_size - 1, 2));
  EXPECT_TRUE(writable_bytes(start_ + page_size, 2));
  EXPECT_TRUE(readable_bytes(start_ + page_size - 1, 2));
}

}  // namespace
}  // namespace merlon::shim::linux
