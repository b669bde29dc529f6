#include "merlon/os/stream_flags.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "merlon/os/file.h"

namespace merlon::os {
namespace {

TEST(StreamFlags, ArePutBack) {
  const Fd before = Fd::adopt(::fcntl(0, F_DUPFD_CLOEXEC, 10));
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  const Fd reading = Fd::adopt(ends[0]);
  const Fd writing = Fd::adopt(ends[1]);
  ASSERT_EQ(::dup2(reading.number(), 0), 0);
  {
    const StreamFlags flags;
    ASSERT_TRUE(set_nonblock(reading, false).has_value());
    ASSERT_TRUE(set_append(reading, true).has_value());
  }
  EXPECT_TRUE(open_flags(reading)->nonblock);
  EXPECT_FALSE(open_flags(reading)->append);
  if (before.is_open()) {
    ::dup2(before.number(), 0);
  } else {
    ::close(0);
  }
}

}  // namespace
}  // namespace merlon::os
