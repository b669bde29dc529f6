#include "merlon/os/system_call.h"

#include <array>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace merlon::os {
namespace {

TEST(SystemCall, GivesTheKernelsNumber) {
  const auto process = system_call(SYS_getpid);
  ASSERT_TRUE(process.has_value());
  EXPECT_EQ(*process, static_cast<std::uint64_t>(::getpid()));
}

TEST(SystemCall, GivesTheKernelsReasonAndLeavesErrnoAlone) {
  errno = 7;
  const auto refused = system_call(SYS_close, -1);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error(), Errno::Badf);
  EXPECT_EQ(errno, 7);
}

TEST(SystemCall, PassesSixArguments) {
  const auto mapped = system_call(SYS_mmap, nullptr, 4096, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_TRUE(mapped.has_value());
  EXPECT_TRUE(system_call(SYS_munmap, *mapped, 4096).has_value());
}

}  // namespace
}  // namespace merlon::os
