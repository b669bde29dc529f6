#include "merlon/wasi/fd_table.h"

#include <array>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "merlon/wasi/preopen.h"
#include "merlon/wasi/rights.h"

namespace merlon::wasi {
namespace {

TEST(FdTable, TheLowestFreeNumberIsNext) {
  FdTable table;
  for (FdNumber i = 0; i < 4; ++i) EXPECT_EQ(table.insert(null_file()).value(), i);
  ASSERT_TRUE(table.close(1).has_value());
  ASSERT_TRUE(table.close(2).has_value());
  EXPECT_EQ(table.insert(null_file()).value(), 1U);
  EXPECT_EQ(table.insert(null_file()).value(), 2U);
  EXPECT_EQ(table.insert(null_file()).value(), 4U);
}

TEST(FdTable, WhatIsNotOpenIsBadf) {
  FdTable table;
  EXPECT_EQ(table.get(0).error(), fail(Errno::Badf));
  EXPECT_EQ(table.get(~FdNumber{0}).error(), fail(Errno::Badf));
  EXPECT_EQ(table.close(7).error(), fail(Errno::Badf));
}

TEST(FdTable, RightsAreAskedFor) {
  FdTable table;
  FdEntry entry = null_file();
  entry.base = rights::fd_read;
  const FdNumber fd = table.insert(std::move(entry)).value();
  EXPECT_TRUE(table.get(fd, rights::fd_read).has_value());
  EXPECT_EQ(table.get(fd, rights::fd_read | rights::fd_write).error(), fail(Errno::Notcapable));
}

TEST(FdTable, ClosingAnEntryClosesItsFile) {
  FdTable table;
  FdEntry entry;
  entry.file = os::Fd::adopt(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int number = entry.file.number();
  const FdNumber fd = table.insert(std::move(entry)).value();
  ASSERT_TRUE(table.close(fd).has_value());
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

TEST(FdTable, ALentStreamIsLookedAtWhenItIsUsedAndStaysOpen) {
  const os::Fd file = os::Fd::adopt(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  FdTable table;
  ASSERT_EQ(table.insert(LentStream{file, "output"}).value(), 0U);
  int seen = 0;
  table.for_each([&](const FdEntry&) { ++seen; });
  EXPECT_EQ(seen, 0);
  FdEntry* const entry = table.get(0, rights::fd_write).value();
  EXPECT_EQ(entry->file.number(), file.number());
  EXPECT_EQ(entry->loss_name, "output");
  EXPECT_EQ(table.get(0, rights::fd_read).error(), fail(Errno::Notcapable));
  table.for_each([&](const FdEntry&) { ++seen; });
  EXPECT_EQ(seen, 1);
  ASSERT_TRUE(table.close(0).has_value());
  EXPECT_EQ(table.get(0).error(), fail(Errno::Badf));
  EXPECT_NE(::fcntl(file.number(), F_GETFD), -1);
}

TEST(FdTable, ALentStreamIsMovedAndClosedWithoutALook) {
  constexpr os::BorrowedFd nothing{-1};
  FdTable table;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(table.insert(LentStream{nothing}).has_value());
  EXPECT_EQ(table.get(0).error(), fail(Errno::Badf));  // the look fails
  EXPECT_EQ(table.insert(null_file()).value(), 3U);
  ASSERT_TRUE(table.renumber(1, 3).has_value());
  EXPECT_EQ(table.get(3).error(), fail(Errno::Badf));
  ASSERT_TRUE(table.close(2).has_value());
  EXPECT_EQ(table.close(2).error(), fail(Errno::Badf));
  EXPECT_EQ(table.insert(null_file()).value(), 1U);
}

TEST(FdTable, ASocketThatIsLentIsDuplicated) {
  std::array<int, 2> pair{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  const os::Fd ours = os::Fd::adopt(pair[0]);
  const os::Fd theirs = os::Fd::adopt(pair[1]);
  FdTable table;
  ASSERT_TRUE(table.insert(LentStream{theirs, "output"}).has_value());
  const FdEntry* const entry = table.get(0).value();
  EXPECT_EQ(entry->kind, FileKind::Socket);
  EXPECT_NE(entry->descriptor().number(), theirs.number());
  ASSERT_TRUE(table.close(0).has_value());
  EXPECT_EQ(::write(theirs.number(), "x", 1), 1);
}

TEST(FdTable, RenumberMovesOverAnOpenEntryOnly) {
  FdTable table;
  FdEntry entry = null_file();
  entry.base = rights::fd_read;
  ASSERT_TRUE(table.insert(std::move(entry)).has_value());
  ASSERT_TRUE(table.insert(null_file()).has_value());
  EXPECT_EQ(table.renumber(0, 5).error(), fail(Errno::Badf));
  EXPECT_EQ(table.renumber(5, 0).error(), fail(Errno::Badf));
  ASSERT_TRUE(table.renumber(0, 0).has_value());
  ASSERT_TRUE(table.renumber(0, 1).has_value());
  EXPECT_EQ(table.get(0).error(), fail(Errno::Badf));
  EXPECT_EQ((*table.get(1))->base, rights::fd_read);
}

TEST(FdTable, PreopenedDirectoriesAreFoundBehindANumber) {
  FdTable table;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(table.insert(null_file()).has_value());
  EXPECT_FALSE(table.has_preopened_above(0));
  (*table.get(1))->preopened_as = "/";
  EXPECT_TRUE(table.has_preopened_above(0)) << "the very next";
  EXPECT_FALSE(table.has_preopened_above(1)) << "not itself";
  EXPECT_FALSE(table.has_preopened_above(2));
  EXPECT_FALSE(table.has_preopened_above(3));
}

TEST(FdTable, IsFullAtItsLimit) {
  FdTable table;
  for (std::size_t i = 0; i < FdTable::max_entries; ++i) {
    ASSERT_EQ(table.insert(null_file()).value(), i);
  }
  EXPECT_EQ(table.insert(null_file()).error(), fail(Errno::Mfile));
  ASSERT_TRUE(table.close(123).has_value());
  EXPECT_EQ(table.insert(null_file()).value(), 123U);
}

}  // namespace
}  // namespace merlon::wasi
