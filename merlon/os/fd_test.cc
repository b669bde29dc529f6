#include "merlon/os/fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace merlon::os {
namespace {

bool is_open(int number) { return ::fcntl(number, F_GETFD) >= 0; }

TEST(Fd, ClosesAtTheEndOfItsScope) {
  int number = -1;
  {
    const Fd fd = Fd::adopt(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    number = fd.number();
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(Fd, MovingLeavesNothingBehindAndClosesWhatWasThere) {
  Fd first = Fd::adopt(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  Fd second = Fd::adopt(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int kept = first.number();
  const int closed = second.number();
  second = std::move(first);
  EXPECT_EQ(second.number(), kept);
  EXPECT_FALSE(is_open(closed));
  EXPECT_TRUE(is_open(kept));
}

TEST(Fd, ReleaseGivesTheDescriptorAway) {
  Fd fd = Fd::adopt(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int number = fd.release();
  EXPECT_FALSE(fd.is_open());
  EXPECT_TRUE(is_open(number));
  ::close(number);
}

TEST(Fd, DuplicateIsClosedOnExecAndKeepsAwayFromTheStandardStreams) {
  const Result<Fd> copy = duplicate(BorrowedFd(0));
  ASSERT_TRUE(copy.has_value());
  EXPECT_GE(copy->number(), 3);
  EXPECT_EQ(::fcntl(copy->number(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST(Fd, DuplicateOfAClosedDescriptorSaysBadf) {
  const Result<Fd> copy = duplicate(BorrowedFd(-1));
  ASSERT_FALSE(copy.has_value());
  EXPECT_EQ(copy.error(), Errno::Badf);
}

}  // namespace
}  // namespace merlon::os
